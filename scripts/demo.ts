/**
 * The main job on real processes: a writer logs, readers on three runtimes follow it live, one of
 * them too slowly; the writer is killed half way and a new one goes on where it was. In the end
 * read + lost = written must hold for each reader.
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../ffi/mod.ts";
import { ShmLogReader } from "../mod.ts";
import { type Runtime, runtimeNamed } from "./runtimes.ts";

const NAME = `/ouroboros-demo-${process.pid}`;
const LINES = 20_000;
/** A crash or a hang of a part must end the demo, too. */
const TIME_LIMIT = 60_000;

interface Report {
  read: number;
  lost: number;
  overruns: number;
  wrong: number;
}

interface Part {
  title: string;
  child: ChildProcess;
  /** The next line that the part prints. */
  nextLine(): Promise<string>;
}

const children: ChildProcess[] = [];

function start(title: string, runtime: Runtime, file: string, args: string[]): Part {
  const path = fileURLToPath(new URL(`demo/${file}`, import.meta.url));
  const child = spawn(runtime.path, [...runtime.run, path, NAME, String(LINES), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    title,
    child,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${title} ended without a word`);
      return value;
    },
  };
}

async function run(): Promise<boolean> {
  const [deno, bun, node] = ["deno", "bun", "node26"].map(runtimeNamed);
  console.log(`log ${NAME}: 4 chunks of 16 KiB, ${LINES} lines\n`);

  const writer = start("writer (Deno)", deno, "writer.ts", []);
  await writer.nextLine(); // it has created the segment
  const readers = [
    start("Deno", deno, "reader.ts", []),
    start("Bun", bun, "reader.ts", []),
    start(node.title, node, "reader.ts", []),
    start("Bun, slow", bun, "reader.ts", ["slow"]),
  ];
  for (const reader of readers) await reader.nextLine(); // it has opened the segment
  writer.child.stdin!.write("go\n");

  // Half way, at whatever the writer is doing then.
  await reached(LINES / 2);
  writer.child.kill("SIGKILL");
  await ended(writer.child);
  const written = inspected();
  console.log(`writer ${writer.child.pid} killed after entry ${written}`);

  const second = start("second writer (Bun)", bun, "writer.ts", []);
  const resumed = Number(await second.nextLine());
  console.log(`writer ${second.child.pid} resumes with entry ${resumed + 1}\n`);
  second.child.stdin!.write("go\n");

  const reports = await Promise.all(readers.map(async (reader) => {
    const report: Report = JSON.parse(await reader.nextLine());
    return { title: reader.title, ...report };
  }));
  await Promise.all(children.map(ended));
  const total = inspected();
  const isSum = (report: Report) => report.read + report.lost === total && report.wrong === 0;

  console.log("reader            written     read     lost  overruns  read + lost = written");
  for (const report of reports) {
    const { title, read, lost, overruns } = report;
    const numbers = [total, read, lost].map((number) => String(number).padStart(9)).join("");
    const verdict = isSum(report) ? "yes" : `NO (${report.wrong} wrong)`;
    console.log(`${title.padEnd(16)}${numbers}${String(overruns).padStart(10)}  ${verdict}`);
  }
  const slow = reports[reports.length - 1];
  const checks: [string, boolean][] = [
    ["every line was written", total === LINES],
    ["the second writer went on with the next number", resumed === written],
    ["read + lost = written for each reader", reports.every(isSum)],
    ["the slow reader lost lines, and knows how many", slow.lost > 0],
  ];
  console.log("");
  for (const [what, holds] of checks) console.log(`${holds ? "ok  " : "FAIL"}  ${what}`);
  return checks.every(([, holds]) => holds);
}

async function reached(count: number): Promise<void> {
  while (inspected() < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

function inspected(): number {
  using reader = ShmLogReader.open(NAME);
  return reader.inspect().lastSequenceNumber;
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", resolve));
}

const timer = setTimeout(() => {
  console.error(`the demo did not end within ${TIME_LIMIT / 1000} s`);
  finish(1);
}, TIME_LIMIT);

function finish(code: number): void {
  clearTimeout(timer);
  for (const child of children) child.kill("SIGKILL");
  const isRemoved = !SharedMemory.exists(NAME) || SharedMemory.unlink(NAME);
  console.log(`${isRemoved ? "ok  " : "FAIL"}  the segment is removed`);
  process.exit(isRemoved ? code : 1);
}

try {
  finish(await run() ? 0 : 1);
} catch (error) {
  console.error(error);
  finish(1);
}
