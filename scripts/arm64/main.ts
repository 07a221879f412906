/**
 * Runs the tests with the arm64 builds of the runtimes in qemu: there the library takes `fullFence`,
 * an instruction in WebAssembly. It shows that all of it works, not that the order of memory is
 * kept: x64, on which qemu runs, keeps more than arm64 promises.
 *
 * `deno task test --on arm64 [RUNTIME…] [FILTER…]`, as of `deno task test`; those of the command line and
 * of NATS only by a filter. It takes half an hour, and Debian's packages (`deno task setup all`).
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { findEmulator } from "./emulator.ts";
import { prepare, project } from "./workshop.ts";
import {
  FILE_TIMEOUT,
  finish,
  numbersOf,
  parseArguments,
  type Result,
  runFiles,
  smaller,
  testFiles,
} from "../run_tests.ts";
import { installedRuntimes, type Runtime } from "../runtimes.ts";

/** What is too much for an emulator, made less. */
const SMALLER: Record<string, string> = {
  SLOWNESS: "30",
  RANDOM_RUNS: "100",
  HOSTILE_RUNS: "500",
  INTERLEAVING_RUNS: "5",
  LOOK_RUNS: "10",
  KILLS: "5",
  OUROBOROS_QEMU: "1",
};
const PAIRS = "pairs.test.ts";

const emulator = findEmulator();
if (typeof emulator === "string") {
  console.log(`arm64: skipped: ${emulator}`);
  process.exit(0);
}

const { wanted, filters } = parseArguments();
const all = prepare(emulator);
// What is the same everywhere, counts on a machine's usual speed, or builds by programs of its own.
const ELSEWHERE =
  /^\.\/test\/(cli|ship\/nats|scripts|serve\/page|conformance\/(bundles|evaluations))/;
/** These make another realm, and Bun's `node:vm` aborts in qemu: "mprotect failed". */
const REALMS =
  /^\.\/test\/(misuse\/(circular|events|log|memory|natives|ring)|sinks\/(entry_sink|error_fields|hostile)|serve\/row)/;
const files = testFiles(project, filters).filter((file) =>
  filters.length > 0 || !ELSEWHERE.test(file)
);

const unusable = new Map(all.map((runtime) => [runtime, probe(runtime)]));
const usable = all.filter((runtime) => unusable.get(runtime) === undefined);
const tested = usable.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const results: Result[] = [];
for (const runtime of tested) {
  const its = runtime.name === "bun" ? files.filter((file) => !REALMS.test(file)) : files;
  results.push(await run(runtime, its, usable));
}

const pairs = files.filter((file) => file.endsWith(PAIRS));
const natives = installedRuntimes().map((runtime) => ({
  ...runtime,
  title: `${runtime.title} x64`,
}));
if (pairs.length > 0) {
  for (const runtime of tested) {
    const native = natives.find(({ name }) => name === runtime.name);
    results.push(await run(runtime, pairs, natives));
    if (native !== undefined) results.push(await run(native, pairs, usable));
  }
}

console.log("");
for (const result of results) console.log(`${result.title}: ${numbersOf(result)}`);
for (const [{ title }, reason] of unusable) {
  if (reason !== undefined) console.log(`${title}: skipped: ${reason}`);
}
finish(results);

/** Runs files on a runtime; its tests start the others where they pair runtimes. */
function run(
  runtime: Runtime,
  files: readonly string[],
  others: readonly Runtime[],
): Promise<Result> {
  const paths = Object.fromEntries(others.map(({ name, path }) => [name.toUpperCase(), path]));
  const isSame = others === usable && usable.includes(runtime);
  const readers = others === usable ? "arm64" : "x64";
  const title = isSame ? runtime.title : `${runtime.title} writes, ${readers} reads`;
  const env = { ...smaller(SMALLER), ...paths, THIS_RUNTIME: runtime.path };
  return runFiles({ ...runtime, title }, files, { folder: project, env });
}

/** Why a runtime does not work here; `undefined` if it does. */
function probe(runtime: Runtime): string | undefined {
  const args = [...runtime.run, `${project}scripts/arm64/probe.ts`];
  const { status, signal, stdout, stderr } = spawnSync(runtime.path, args, {
    cwd: project,
    encoding: "utf8",
    timeout: FILE_TIMEOUT,
    killSignal: "SIGKILL",
  });
  const said = stdout.trim();
  if (status === 0 && said === "arm64, fullFence") {
    console.log(`${runtime.title}: ${said}`);
    return undefined;
  }
  const complaint = `${stdout}\n${stderr}`.trim().split("\n").find((line) => /error/i.test(line));
  return `${signal ?? `exit code ${status}`}: ${complaint ?? said}`;
}
