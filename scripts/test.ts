/**
 * Runs the same test files on every runtime and adds up what they say.
 *
 * `deno task test [RUNTIME…] [FILTER…]`: runtimes are deno, bun, node24, node26 (default: all);
 * a filter is a part of a test file's path.
 */

import process from "node:process";
import { finish, names, numbersOf, parseArguments, runTests, testFiles } from "./run_tests.ts";
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
const results = runtimes.map((runtime) =>
  runTests(runtime, files, { folder: root, env, timeout: 480_000 })
);

console.log("");
for (const result of results) console.log(`${result.title.padEnd(14)} ${numbersOf(result)}`);
for (const name of wanted.length === 0 ? names : wanted) {
  if (!runtimes.some((runtime) => runtime.name === name)) {
    console.log(`${name}: not installed here`);
  }
}
finish(results);
