/** Fresh folders outside of the project, with the package and nothing of the sources in them. */

import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { versionOf } from "../project.ts";

export const isWindows: boolean = process.platform === "win32";

/** Something that is tried with the package, which throws where it fails. */
export interface Step {
  title: string;
  run(): void | Promise<void>;
}

/** A folder where the tarball is installed, with what else is asked for, in the version of deno.json if none is given. Removed at the end. */
export function freshFolder(
  tarball: string,
  packages: readonly string[] = [],
  ...flags: string[]
): string {
  const folder = `${mkdtempSync(`${tmpdir()}/ouroboros-npm-`)}/`;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, type: "module" }));
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    ...flags,
    tarball,
    ...packages.map((name) => name.lastIndexOf("@") > 0 ? name : `${name}@${versionOf(name)}`),
  ];
  output("npm", args, { cwd: folder, timeout: 300_000, shell: isWindows });
  return folder;
}

/**
 * Runs a program to its end, and gives what it printed.
 *
 * @throws {Error} with that, if it fails
 */
export function output(
  path: string,
  args: readonly string[],
  options: SpawnSyncOptions,
): string {
  const settings = { timeout: 60_000, ...options, encoding: "utf8" } as const;
  const { status, error, stdout, stderr } = spawnSync(path, args, settings);
  if (status !== 0) throw new Error(error?.message ?? `${stdout}${stderr}`);
  return stdout;
}
