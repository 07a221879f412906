/**
 * Builds the npm package, installs it in fresh folders, and tests it there: the README's code, the
 * command, CommonJS and TypeScript consumers, and the project's own tests with the package in place
 * of the sources.
 *
 * `deno task test:npm [RUNTIME…] [FILTER…]`: runtimes are node22, node24, node26, bun, deno (default:
 * the first four); a filter is a part of a test file's path (default: all). `TESTS=none` in the
 * environment leaves out the project's own tests, `TESTS=only` all else.
 */

import { spawnSync } from "node:child_process";
import os from "node:os";
import process from "node:process";
import { buildPackage } from "./npm/package.ts";
import {
  type PackageRuntime,
  packageRuntimeNames,
  packageRuntimes,
  runtimePaths,
} from "./npm/runtimes.ts";
import type { Step } from "./npm/step.ts";
import { packagesOfSnippets, stepsOn, stepsWithoutKoffi } from "./npm/stranger.ts";
import { planSuite, writeSuite } from "./npm/suite.ts";
import { TYPE_PACKAGES, typeSteps } from "./npm/types.ts";
import { freshFolder, peers } from "./npm/workshop.ts";
import { finish, numbersOf, type Result, runTests } from "./run_tests.ts";
import type { Runtime } from "./runtimes.ts";

const SUITE_TIMEOUT = 900_000;
/** What runs on one runtime only if nothing is said: the same JavaScript as in the sources' own tests. */
const ONCE = /\/(cli|serve|records|model)\//;

if (spawnSync("npm", ["--version"], { shell: process.platform === "win32" }).status !== 0) {
  console.log("npm: skipped: there is no npm here");
  process.exit(0);
}

const words = process.argv.slice(2);
const wanted = words.filter((word) => packageRuntimeNames.includes(word));
const filters = words.filter((word) => !packageRuntimeNames.includes(word));
const all = packageRuntimes();
const tested = all.filter(({ name }) =>
  wanted.length > 0 ? wanted.includes(name) : name !== "deno"
);
const { tarball } = await buildPackage();
console.log(tarball);

const results: Result[] = [];
if (process.env.TESTS !== "only") {
  results.push(
    tryAll("types", typeSteps(freshFolder(tarball, [...peers(), ...TYPE_PACKAGES]))),
  );
  const folder = freshFolder(tarball, [...new Set([...peers(), ...packagesOfSnippets()])]);
  for (const runtime of tested) results.push(tryAll(runtime.title, stepsOn(runtime, folder)));
  const bare = freshFolder(tarball, [], "--omit=optional");
  for (const runtime of tested.filter(({ name }) => name.startsWith("node"))) {
    results.push(tryAll(`${runtime.title}, no koffi`, stepsWithoutKoffi(runtime, bare)));
  }
}
const suite = planSuite();
if (process.env.TESTS !== "none") {
  console.log("");
  for (const { file, reason } of suite.leftOut) {
    console.log(`left out: ${file}, which needs ${reason}`);
  }
  // Two at a time, as of `deno task test`.
  const suites: Result[] = [];
  const waiting = tested.map((runtime, index) => ({ runtime, index }));
  const lanes = Math.min(os.availableParallelism(), 2);
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      suites[next.index] = await suiteOn(next.runtime);
    }
  }));
  results.push(...suites);
}

console.log("");
for (const result of results) console.log(`${result.title.padEnd(28)} ${numbersOf(result)}`);
for (const name of wanted.length > 0 ? wanted : packageRuntimeNames) {
  if (!all.some((runtime) => runtime.name === name)) console.log(`${name}: not installed here`);
}
finish(results);

/** Does one after the other, and tells of each. */
function tryAll(title: string, steps: readonly Step[]): Result {
  console.log(`\n${title}`);
  const start = Date.now();
  const result: Result = { title, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  for (const step of steps) {
    try {
      step.run();
      result.passed++;
      console.log(`  ok      ${step.title}`);
    } catch (error) {
      result.failed++;
      console.log(`  FAILED  ${step.title}\n${(error as Error).message}`);
    }
  }
  result.seconds = (Date.now() - start) / 1000;
  return result;
}

async function suiteOn(runtime: PackageRuntime): Promise<Result> {
  const folder = freshFolder(tarball, [...new Set([...peers(), ...suite.packages])]);
  writeSuite(suite, folder, runtime.needsLowering);
  // Node 22's heap grows by more at first than these allow for so few cycles.
  const isOut = (file: string) =>
    runtime.name === "node22" && filters.length === 0 && file.includes("/resources/");
  const isReduced = words.length === 0 && runtime.name !== "node22";
  const files = suite.files.filter((file) => !isOut(file)).filter((file) =>
    filters.length === 0
      ? !(isReduced && ONCE.test(file))
      : filters.some((part) => file.includes(part))
  );
  const result = await runTests(runtime as Runtime, files.map((file) => `./${file}`), {
    folder,
    // Where the tests find the runtimes to pair theirs with.
    env: runtime.needsLowering
      ? runtimePaths(all)
      : { ...runtimePaths(all.filter((each) => !each.needsLowering)), NODE22: "none" },
    timeout: SUITE_TIMEOUT,
  });
  return { ...result, title: `${result.title}, ${files.length} test files` };
}
