/**
 * What the tests of other systems than this one share: whether this machine can emulate them, packages
 * for them and a copy of the project in a folder outside of it, and programs that start the emulation.
 */

import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { config } from "./project.ts";
import { root } from "./runtimes.ts";

/** Why this machine can't emulate others; `undefined` if it may. */
export function unfit(): string | undefined {
  if (process.platform === "linux" && process.arch === "x64") return undefined;
  return `it takes Linux on x64, and this is ${process.platform} on ${process.arch}`;
}

/** Where a program is in the path; `undefined`: nowhere. */
export function inPath(name: string): string | undefined {
  return (process.env.PATH ?? "").split(":").map((folder) => `${folder}/${name}`)
    .find(isExecutable);
}

/** Whether a file can be started. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs exactly those packages in `folder`, unless they are there already. `platform` is what npm
 * shall take this machine for, as `--os=…` and so on.
 */
export function installPackages(
  folder: string,
  title: string,
  platform: readonly string[],
  dependencies: Readonly<Record<string, string>>,
): void {
  const manifest = JSON.stringify({ private: true, type: "module", dependencies }, null, 2);
  // Written last, so that it is there only beside what it lists.
  const installed = `${folder}installed.json`;
  if (existsSync(installed) && readFileSync(installed, "utf8") === manifest) return;
  console.log(`npm install of the ${title} builds in ${folder}`);
  rmSync(installed, { force: true });
  rmSync(`${folder}node_modules`, { recursive: true, force: true });
  writeFileSync(`${folder}package.json`, manifest);
  const { status, stderr, error } = spawnSync("npm", [
    ..."install --force --ignore-scripts --no-bin-links --no-package-lock --no-audit --no-fund"
      .split(" "),
    ...platform,
  ], { cwd: folder, encoding: "utf8", timeout: 600_000 });
  if (status !== 0) throw new Error(`npm install failed: ${error?.message ?? stderr}`);
  writeFileSync(installed, manifest);
}

/** Copies the project to a folder below the one of its packages; it goes when this process ends. */
export function copyProject(project: string): void {
  process.once("exit", () => rmSync(project, { recursive: true, force: true }));
  const left = ["node_modules", ".git", "deno.lock"].map((name) => `${root}${name}`);
  cpSync(root, project, { recursive: true, filter: (path) => !left.includes(path) });
  // Deno shall take the packages of the folder above, too, and install nothing.
  const { imports: _, ...others } = config;
  writeFileSync(`${project}deno.json`, JSON.stringify({ ...others, nodeModulesDir: "manual" }));
}

/** Makes a program that starts a command, as tests start runtimes by their path. */
export function writeProgram(path: string, command: readonly string[], before: string = ""): void {
  const words = command.map((word) => `'${word}'`).join(" ");
  const script = `#!/bin/sh\n${before}exec ${words} "$@"\n`;
  // Not written anew while another run has it started.
  if (existsSync(path) && readFileSync(path, "utf8") === script) return;
  writeFileSync(path, script, { mode: 0o755 });
}
