/**
 * Runs the tests with the Windows builds of the runtimes in Wine. It shows what the library asks of
 * Windows and makes of the answers; where Wine answers otherwise than Windows, tests say so.
 *
 * `deno task test --on windows [RUNTIME…] [FILTER…]`: runtimes are bun, node22, node24, node26, deno
 * (default: all); a filter is a part of a test file's path. It takes five to ten minutes a runtime, and
 * Debian's packages, which it names where they are missing; nothing but npm packages is installed, in
 * a folder for temporary files.
 */

import process from "node:process";
import {
  finish,
  numbersOf,
  parseArguments,
  type Result,
  runFiles,
  smaller,
  testFiles,
} from "../run_tests.ts";
import { findLoader, startWine } from "./wine.ts";
import { prepare, type WindowsRuntime, workshop } from "./workshop.ts";

/** What is too much for Wine, made less. */
const SMALLER: Record<string, string> = {
  SLOWNESS: "3",
  RANDOM_RUNS: "100",
  HOSTILE_RUNS: "1000",
  HOSTILE_FILES: "300",
  INTERLEAVING_RUNS: "5",
  LOOK_RUNS: "10",
  KILLS: "3",
  CONTENTION_ROUNDS: "20",
};
/** What does not run if nothing else is said, and why. */
const LEFT_OUT: [part: string, reason: string][] = [
  ["model/", "is about the order of stores, and not about a system"],
  ["torture/", "eight seconds of it run with the other tests, on Linux"],
  ["resources/", "counts what Linux tells in /proc"],
  ["scripts/", "is about the scripts of the project, which run on Linux"],
  ["ship/fleet.test.ts", "is about a benchmark"],
  ["ship/otlp/", "makes connections that Node does not make in Wine"],
  ["serve/browser", "wants a browser"],
  ["serve/page.test.ts", "builds the page once more, with programs for Linux"],
];

/** What asks the server of the live view: in Wine Node makes no TCP connection. */
const ASKS =
  /^\.\/test\/serve\/(api|changing|command|event_stream|group|links|proxy|report|search|timeline|waiting)/;
/** What reads the project's sources as they are written: Node 22 runs them compiled, without comments. */
const READS_SOURCES = /^\.\/test\/(docs|readme)\.test\.ts$/;

const found = findLoader();
if (typeof found === "string") {
  console.log(`Windows: skipped: ${found}`);
  process.exit(0);
}

// So that what is started here is ended, and what is made removed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { wanted, filters } = parseArguments();
const wine = startWine(found.loader, `${workshop}wine-${process.pid}`);
const { runtimes, skipped } = prepare(wine);
const paths = Object.fromEntries(["deno", "bun", "node22", "node24", "node26"].map((name) => {
  const path = runtimes.find((runtime) => runtime.name === name)?.windowsPath;
  return [name.toUpperCase(), path ?? "none"];
}));

const tested = runtimes.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const totals: Result[] = [];
for (const runtime of tested) totals.push(await runAll(runtime));

console.log("");
for (const total of totals) console.log(`${total.title}: ${numbersOf(total)}`);
for (const line of skipped) console.log(line);
if (filters.length === 0) {
  for (const [part, reason] of LEFT_OUT) console.log(`left out: test/${part}: ${reason}`);
  console.log(
    "left out: most of test/serve on Node, which makes no TCP connection in Wine",
  );
  console.log(
    "left out: test/docs and test/readme on Node 22, which runs sources without comments",
  );
}
finish(totals);

/** Runs all that this runtime can run. */
function runAll(runtime: WindowsRuntime): Promise<Result> {
  const files = testFiles(runtime.project, filters)
    .filter((file) => filters.length > 0 || !LEFT_OUT.some(([part]) => isIn(part, file)))
    .filter((file) => !runtime.name.startsWith("node") || !ASKS.test(file))
    .filter((file) => runtime.name !== "node22" || !READS_SOURCES.test(file));
  return runFiles(runtime, files, {
    folder: runtime.project,
    // Node 22 can run only its own copy of the project, which the others can run, too.
    env: {
      ...smaller(SMALLER),
      ...paths,
      ...(runtime.name === "node22" ? {} : { NODE22: "none" }),
    },
  });
}

function isIn(part: string, file: string): boolean {
  return file.startsWith(`./test/${part}`);
}
