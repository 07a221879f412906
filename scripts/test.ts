/**
 * Runs the same test files on every runtime and adds up what they say.
 *
 * `deno task test [RUNTIME…] [FILTER…]`: runtimes are deno, bun, node24, node26 (default: all);
 * a filter is a part of a test file's path. If nothing is said, Node 24 leaves out what has nothing to
 * do with native memory.
 */

import os from "node:os";
import process from "node:process";
import {
  finish,
  names,
  numbersOf,
  parseArguments,
  type Result,
  runTests,
  testFiles,
} from "./run_tests.ts";
import { installedRuntimes, root } from "./runtimes.ts";

const { wanted, filters } = parseArguments();
const files = testFiles(root, filters);
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(", ")}`);
  process.exit(2);
}

const all = installedRuntimes();
const runtimes = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const env = { DENO: all.find(({ name }) => name === "deno")?.path ?? "deno" };
/** What the older Node runs if nothing is said: what its other driver of native memory is a part of. */
const NOT_ON_OLD_NODE = /\/(cli|serve|sinks|records|model|nats)\//;

// Two at a time where there is room for that: tests wait for processes and timers half of the time.
const results: Result[] = [];
const waiting = runtimes.map((runtime, index) => ({ runtime, index }));
const lanes = Math.min(os.availableParallelism(), 2);
await Promise.all(Array.from({ length: lanes }, async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { runtime, index } = next;
    const isReduced = runtime.name === "node24" && wanted.length + filters.length === 0;
    const some = files.filter((file) => !isReduced || !NOT_ON_OLD_NODE.test(file));
    results[index] = await runTests(runtime, some, { folder: root, env, timeout: 900_000 });
  }
}));

console.log("");
for (const result of results) console.log(`${result.title.padEnd(14)} ${numbersOf(result)}`);
// Node 22 runs the package, not the sources.
const expected = wanted.length === 0 ? names.filter((name) => name !== "node22") : wanted;
for (const name of expected) {
  if (!runtimes.some((runtime) => runtime.name === name)) {
    console.log(`${name}: not installed here`);
  }
}
finish(results);
