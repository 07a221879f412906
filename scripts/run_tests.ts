/** Runs test files on a runtime, and reads from its closing words how many passed. */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { failuresIn } from "./failures.ts";
import { compileCache, type Runtime } from "./runtimes.ts";

/** What came out on one runtime. */
export interface Result {
  /** What ran. */
  title: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** The messages of what failed. */
  failures?: string;
  /** Why tests were skipped, as far as the runner says so, and how many for each reason. */
  reasons?: Map<string, number>;
}

/** Where and how to run. */
export interface RunOptions {
  /** The folder of the project. */
  folder: string;
  /** What its environment has beside ours. */
  env: Record<string, string | undefined>;
  /** In milliseconds: a test that hangs must not hang whoever waits for the numbers. */
  timeout: number;
}

/** For one test file in an emulator, in milliseconds: FILE_SECONDS, for a machine that has more to do. */
export const FILE_TIMEOUT: number = 1000 * Number(process.env.FILE_SECONDS ?? 600);

interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

/** How each runner closes, and what it calls the three numbers. */
const SUMMARIES: Record<string, [passed: RegExp, failed: RegExp, skipped: RegExp]> = {
  deno: [/(\d+) passed/, /(\d+) failed/, /(\d+) ignored/],
  bun: [/^ *(\d+) pass$/m, /^ *(\d+) fail$/m, /^ *(\d+) skip$/m],
  node: [/^. pass (\d+)$/m, /^. fail (\d+)$/m, /^. skipped (\d+)$/m],
};

/** The names that can be asked for. */
export const names: readonly string[] = ["deno", "bun", "node22", "node24", "node26"];

/** Runtimes and parts of paths, as the command line has them. */
export function parseArguments(): { wanted: string[]; filters: string[] } {
  const words = process.argv.slice(2);
  return {
    wanted: words.filter((word) => names.includes(word)),
    filters: words.filter((word) => !names.includes(word)),
  };
}

/** Amounts that are too much for an emulator, made less; what the environment says comes first. */
export function smaller(amounts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, value]) => [name, process.env[name] ?? value]),
  );
}

/** The test files of a project whose paths have one of the parts in them; all, if there is none. */
export function testFiles(folder: string, filters: readonly string[]): string[] {
  return readdirSync(`${folder}test`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `./test/${file.replaceAll("\\", "/")}`)
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    .sort();
}

/** Runs test files; prints the numbers, and where something failed everything. */
export async function runTests(
  runtime: Runtime,
  files: readonly string[],
  options: RunOptions,
): Promise<Result> {
  console.log(`${runtime.title}: ${runtime.path}`);
  const result = await runQuietly(runtime, files, options);
  console.log(`${runtime.title}: ${numbersOf(result)}`);
  return result;
}

/** Runs test files; prints only where something failed, and then everything. */
export async function runQuietly(
  runtime: Runtime,
  files: readonly string[],
  { folder, env, timeout }: RunOptions,
): Promise<Result> {
  const start = Date.now();
  const { status, stdout, stderr } = await run(runtime.path, [...runtime.test, ...files], {
    folder,
    env: {
      ...process.env,
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: compileCache,
      ...runtime.env,
      ...env,
    },
    timeout,
  });
  const output = `${stdout}\n${stderr}`;
  const runner = runtime.name.replace(/\d+$/, "");
  const [passedIn, failedIn, skippedIn] = SUMMARIES[runner];
  const passed = lastNumber(output, passedIn);
  let failed = lastNumber(output, failedIn);
  // A runner that crashed has not said so in its numbers.
  if (status !== 0 && failed === 0) failed = 1;
  if (failed > 0 || process.env.VERBOSE !== undefined) process.stdout.write(output);
  const seconds = (Date.now() - start) / 1000;
  return {
    title: runtime.title,
    passed,
    failed,
    skipped: lastNumber(output, skippedIn),
    seconds,
    failures: failed > 0 ? failuresIn(output, runner) : "",
    reasons: reasonsIn(output),
  };
}

/** What is running: each with all that it has started, where a system has groups of processes. */
const running = new Set<() => void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const kill of running) kill();
    process.exit(1);
  });
}

/** Runs a command to its end; what takes too long is killed with its children, which hold its output. */
function run(path: string, args: string[], { folder, env, timeout }: RunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const isGroup = process.platform !== "win32";
    const child = spawn(path, args, {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: isGroup,
    });
    const kill = () => {
      if (!isGroup) return void child.kill("SIGKILL");
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    running.add(kill);
    const texts = { stdout: "", stderr: "" };
    const timer = setTimeout(() => {
      texts.stderr += `\nkilled: it did not end within ${timeout / 1000} s`;
      kill();
    }, timeout);
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => texts[name] += text);
    }
    const end = (status: number) => {
      clearTimeout(timer);
      running.delete(kill);
      resolve({ status, ...texts });
    };
    child.once("error", (error) => {
      texts.stderr += error.message;
      end(1);
    });
    child.once("close", (code) => end(code ?? 1));
  });
}

/** Runs file after file, each within the time: what hangs does not take the others' numbers with it. */
export async function runFiles(
  runtime: Runtime,
  files: readonly string[],
  options: Omit<RunOptions, "timeout">,
): Promise<Result> {
  const results: Result[] = [];
  for (const file of files) {
    const title = `${runtime.title}, ${file}`;
    results.push(
      await runTests({ ...runtime, title }, [file], { ...options, timeout: FILE_TIMEOUT }),
    );
  }
  const failing = files.filter((_, i) => results[i].failed > 0);
  if (failing.length > 0) console.log(`\n${runtime.title} failed in ${failing.join(", ")}`);
  console.log("");
  for (const folder of new Set(files.map(folderOf))) {
    const some = results.filter((_, i) => folderOf(files[i]) === folder);
    console.log(`${runtime.title}, ${folder}: ${numbersOf(sumOf(folder, some))}`);
  }
  return sumOf(runtime.title, results);
}

/** `test/cli` of `./test/cli/tail.test.ts`. */
function folderOf(file: string): string {
  return file.split("/").slice(1, -1).join("/");
}

/** One result of several. */
export function sumOf(title: string, results: readonly Result[]): Result {
  const sum = (what: "passed" | "failed" | "skipped" | "seconds") =>
    results.reduce((total, result) => total + result[what], 0);
  const reasons = new Map<string, number>();
  for (const [reason, count] of results.flatMap((result) => [...result.reasons ?? []])) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return {
    title,
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    seconds: sum("seconds"),
    failures: results.map(({ failures }) => failures).filter(Boolean).join("\n\n"),
    reasons,
  };
}

/** Node alone says why it skipped a test. */
function reasonsIn(output: string): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const [, reason] of output.matchAll(/^\s*\S .* \([\d.]+ms\) # (.+)$/gm)) {
    if (reason !== "SKIP") reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

/** `9 passed, 0 failed, 1 skipped, 5 s`. */
export function numbersOf({ passed, failed, skipped, seconds }: Result): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds.toFixed(0)} s`;
}

/** Prints what failed, for those who see the end of the output only, and the sum; and ends with 0 if that is a success. */
export function finish(results: readonly Result[]): never {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  for (const { title, failures } of results) {
    if (failures) console.log(`\n${title}:\n${failures}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

function lastNumber(output: string, pattern: RegExp): number {
  const all = [...output.matchAll(new RegExp(pattern.source, `g${pattern.flags}`))];
  return Number(all.at(-1)?.[1] ?? 0);
}
