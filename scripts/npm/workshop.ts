/** Fresh folders outside of the project, with the package and nothing of the sources in them. */

import { spawnSync, type SpawnSyncOptions, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { folder as built } from "./package.ts";
import { versionOf } from "../project.ts";

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
  output("npm", args, { cwd: folder, timeout: 300_000, shell: process.platform === "win32" });
  return folder;
}

/** The packages that the built one would like to have beside it. */
export function peers(): string[] {
  const { peerDependencies = {} } = JSON.parse(readFileSync(`${built}package.json`, "utf8"));
  return Object.keys(peerDependencies);
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
  const result = spawnSync(path, args, { timeout: 60_000, ...options, encoding: "utf8" });
  if (result.status !== 0) throw new Error(complaint(result));
  return result.stdout;
}

/** Why a process failed. */
export function complaint({ error, stdout, stderr }: SpawnSyncReturns<string>): string {
  return error?.message ?? `${stdout}${stderr}`;
}
