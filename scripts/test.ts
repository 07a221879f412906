/**
 * Runs the same test files on every runtime and adds up what they say.
 *
 * `deno task test [RUNTIME…] [FILTER…]`: runtimes are deno, bun, node24, node26 (default: all);
 * a filter is a part of a test file's path.
 */

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { installedRuntimes, root, type Runtime } from "./runtimes.ts";

interface Result {
  runtime: Runtime;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

/** How each runner closes, and what it calls the three numbers. */
const SUMMARIES: Record<string, [passed: RegExp, failed: RegExp, skipped: RegExp]> = {
  deno: [/(\d+) passed/, /(\d+) failed/, /(\d+) ignored/],
  bun: [/^ *(\d+) pass$/m, /^ *(\d+) fail$/m, /^ *(\d+) skip$/m],
  node: [/^. pass (\d+)$/m, /^. fail (\d+)$/m, /^. skipped (\d+)$/m],
};

const names = ["deno", "bun", "node24", "node26"];
const wanted = process.argv.slice(2).filter((word) => names.includes(word));
const filters = process.argv.slice(2).filter((word) => !names.includes(word));

const files = readdirSync(`${root}test`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
  .map((file) => `./test/${file.replaceAll("\\", "/")}`)
  .sort();

if (files.length === 0) {
  console.error(`no test file matches ${filters.join(", ")}`);
  process.exit(2);
}

const runtimes = installedRuntimes().filter(({ name }) =>
  wanted.length === 0 || wanted.includes(name)
);
const results = runtimes.map(runTests);

console.log("");
for (const { runtime, passed, failed, skipped, seconds } of results) {
  console.log(
    `${runtime.title.padEnd(14)} ${passed} passed, ${failed} failed, ${skipped} skipped, ` +
      `${seconds.toFixed(0)} s`,
  );
}
for (const name of wanted.length === 0 ? names : wanted) {
  if (!runtimes.some((runtime) => runtime.name === name)) {
    console.log(`${name}: not installed here`);
  }
}
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function runTests(runtime: Runtime): Result {
  console.log(`\n${runtime.title}: ${runtime.path}`);
  const start = Date.now();
  const env = { ...process.env, NO_COLOR: "1", DENO: denoPath() };
  const { status, stdout, stderr } = spawnSync(runtime.path, [...runtime.test, ...files], {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // A test that hangs must not hang whoever waits for the numbers.
    timeout: 480_000,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = `${stdout}\n${stderr}`;
  const [passedIn, failedIn, skippedIn] = SUMMARIES[runtime.name.replace(/\d+$/, "")];
  const passed = lastNumber(output, passedIn);
  let failed = lastNumber(output, failedIn);
  // A runner that crashed has not said so in its numbers.
  if (status !== 0 && failed === 0) failed = 1;
  if (failed > 0 || process.env.VERBOSE !== undefined) process.stdout.write(output);
  const seconds = (Date.now() - start) / 1000;
  const skipped = lastNumber(output, skippedIn);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(0)} s`);
  return { runtime, passed, failed, skipped, seconds };
}

function denoPath(): string {
  return installedRuntimes().find(({ name }) => name === "deno")?.path ?? "deno";
}

function lastNumber(output: string, pattern: RegExp): number {
  const all = [...output.matchAll(new RegExp(pattern.source, `g${pattern.flags}`))];
  return Number(all.at(-1)?.[1] ?? 0);
}
