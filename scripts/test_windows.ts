/**
 * Runs the tests with the Windows builds of the runtimes in Wine. It shows what the library asks of
 * Windows and makes of the answers; where Wine answers otherwise than Windows, tests say so.
 *
 * `deno task test:windows [RUNTIME…] [FILTER…]`: runtimes are bun, node22, node24, node26, deno
 * (default: all); a filter is a part of a test file's path. It takes a quarter of an hour, and
 * Debian's packages, which it names where they are missing; nothing but npm packages is installed, in
 * a folder for temporary files.
 */

import process from "node:process";
import {
  finish,
  numbersOf,
  parseArguments,
  type Result,
  runTests,
  testFiles,
} from "./run_tests.ts";
import { findLoader, startWine } from "./windows/wine.ts";
import { prepare, type WindowsRuntime, workshop } from "./windows/workshop.ts";

/** For one test file, in milliseconds: what hangs must not hang all. */
const TIMEOUT = 240_000;
/** What is too much for Wine made less, if nobody said how much it shall be. */
const SMALLER: Record<string, string> = {
  SLOWNESS: "3",
  RANDOM_RUNS: "100",
  HOSTILE_RUNS: "1000",
  HOSTILE_FILES: "300",
  INTERLEAVING_RUNS: "5",
  KILLS: "3",
  CONTENTION_ROUNDS: "20",
};
/**
 * What this is about; more by filters. Most tests of the command line end commands by signals and
 * look at logs that nobody has open: there are none of either, and others in their place.
 */
const PARTS = [
  "ffi/",
  "log/",
  "conformance/",
  "ring/",
  ...["windows", "help", "lines", "sizes", "moment", "merge", "selection", "pretty", "cursor_file"]
    .map((name) => `cli/${name}.test.ts`),
];

const found = findLoader();
if (typeof found === "string") {
  console.log(`Windows: skipped: ${found}`);
  process.exit(0);
}

// So that what is started here is ended, and what is made removed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { wanted, filters } = parseArguments();
const wine = startWine(found.loader, `${workshop}wine-${process.pid}`);
const { runtimes, skipped } = prepare(wine, TIMEOUT);
const smaller = Object.fromEntries(
  Object.entries(SMALLER).map(([name, value]) => [name, process.env[name] ?? value]),
);
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
finish(totals);

/** Runs one file after the other: one that hangs does not take the others with it. */
async function runAll(runtime: WindowsRuntime): Promise<Result> {
  const files = testFiles(runtime.project, filters.length > 0 ? filters : PARTS);
  const results: Result[] = [];
  for (const file of files) {
    results.push(
      await runTests({ ...runtime, title: `${runtime.title}, ${file}` }, [file], {
        folder: runtime.project,
        // Node 22 can run only its own copy of the project, which the others can run, too.
        env: { ...smaller, ...paths, ...(runtime.name === "node22" ? {} : { NODE22: "none" }) },
        timeout: TIMEOUT + 10_000,
      }),
    );
  }
  const failing = files.filter((_, i) => results[i].failed > 0);
  if (failing.length > 0) console.log(`\n${runtime.title} failed in ${failing.join(", ")}`);
  const sum = (what: "passed" | "failed" | "skipped" | "seconds") =>
    results.reduce((total, result) => total + result[what], 0);
  return {
    title: runtime.title,
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    seconds: sum("seconds"),
  };
}
