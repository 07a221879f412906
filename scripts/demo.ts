/**
 * The main job on real processes: three services run under `ouroboros run`, one is killed and started
 * again, one throws. Then what is left of them is read: the errors, the last lines, the logs that were
 * saved. In the end read + lost = written must hold for each reader, and what was recorded must be what was
 * printed.
 */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../ffi/mod.ts";
import { LogSet, ShmLogReader } from "../mod.ts";
import { installedRuntimes, type Runtime, thisRuntime } from "./runtimes.ts";

const NAME = `/demo-${process.pid}`;
const ORDERS = 6000;
/** How long nothing may come of it, in milliseconds: a crash or a hang of a part must end the demo, too. */
const PATIENCE = 60_000;

const cli = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const program = fileURLToPath(new URL("demo/service.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ouroboros-demo-"));
const env = { ...process.env, NO_COLOR: process.stdout.isTTY ? undefined : "1" };
const start = performance.now();
/** When something came last: a busy machine may need minutes for all of it. */
let heardAt = start;
const children: ChildProcessWithoutNullStreams[] = [];

/** A service that is recorded, and what has come through. */
interface Service {
  title: string;
  recorder: ChildProcessWithoutNullStreams;
  /** The process of the service itself, once it has said so. */
  pid: number;
  /** How many lines were passed on. */
  lines: number;
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>;
}

function say(text: string): void {
  heardAt = performance.now();
  const seconds = ((heardAt - start) / 1000).toFixed(1);
  console.log(`${`${seconds} s`.padStart(7)}  ${text}`);
}

/** Runs a service; resolves when it has begun. */
async function run(
  { title, path, run }: Runtime,
  orders: number,
  fault?: number,
  log = `${NAME}.{slot}`,
): Promise<Service> {
  const args = ["run", "--log", log, "--size", "256KiB", "--save", folder, "--"];
  const service = [path, ...run, program, orders, ...fault === undefined ? [] : [fault]];
  const recorder = spawn(path, [...run, cli, ...args, ...service.map(String)], { env });
  children.push(recorder);
  const found: Service = {
    title,
    recorder,
    pid: 0,
    lines: 0,
    ended: new Promise((resolve) => recorder.once("close", resolve)),
  };
  let said = "";
  recorder.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    void found.ended.then(() => reject(new Error(`${title} has not begun: ${said}`)));
    let head = "";
    recorder.stdout.setEncoding("utf8").on("data", (text: string) => {
      heardAt = performance.now();
      found.lines += text.split("\n").length - 1;
      if (found.pid > 0) return;
      head += text;
      found.pid = Number(/"pid":(\d+)\}\n/.exec(head)?.[1] ?? 0);
      if (found.pid === 0) return;
      say(`${title} has begun`);
      resolve();
    });
  });
  found.ended = found.ended.then((code) => {
    const lines = said.split("\n").slice(0, -1);
    const ours = lines.filter((line) => line.startsWith("ouroboros: "));
    found.lines += lines.length - ours.length;
    say(`${title} has ended with ${code}`);
    for (const line of ours) console.log(`         ${line}`);
    return code;
  });
  return found;
}

/** Reads all of the logs as they are written; gives what there was of each. */
class Follower {
  readonly read = new Map<string, number>();
  readonly #set = LogSet.open(`${NAME}.*`);
  readonly #end = new AbortController();
  readonly #done: Promise<void> = this.#follow();

  /** How many entries of a log were read, or lost. */
  count(name: string): { read: number; lost: number } {
    const lost = this.#set.members.find((one) => one.name === name)?.lostEntries ?? 0;
    return { read: this.read.get(name) ?? 0, lost };
  }

  async end(): Promise<void> {
    this.#end.abort();
    await this.#done;
    this.#set.close();
  }

  async #follow(): Promise<void> {
    for await (const { name } of this.#set.follow({ signal: this.#end.signal })) {
      this.read.set(name, (this.read.get(name) ?? 0) + 1);
    }
  }
}

/** Reads a log too slowly; gives what was read and lost up to the end. */
async function readSlowly(
  name: string,
  isOver: () => boolean,
): Promise<{ read: number; lost: number }> {
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
  let read = 0;
  for (;;) {
    const { length } = reader.readBatch(isOver() ? 10_000 : 5);
    read += length;
    if (isOver() && reader.lastSequenceNumber >= written(name)) {
      return { read, lost: reader.lostEntries };
    }
    if (!isOver()) await pause(40);
  }
}

function command(...args: string[]): void {
  const { path, run } = thisRuntime();
  const words = args.map((word) => /[*| ]/.test(word) ? `'${word}'` : word);
  console.log(`\n$ ouroboros ${words.join(" ")}`);
  const { stdout, stderr } = spawnSync(path, [...run, cli, ...args], { env, encoding: "utf8" });
  process.stdout.write(`${stdout}${stderr}`);
  heardAt = performance.now();
}

function written(name: string): number {
  using reader = ShmLogReader.open(name);
  return reader.inspect().lastSequenceNumber;
}

async function demo(): Promise<boolean> {
  const all = installedRuntimes();
  // The last one is the newest Node.
  const [first, second, third] = [all[0], all[1] ?? all[0], all[all.length - 1]];
  console.log(`$ ouroboros run --log '${NAME}.{slot}' --save ${folder} -- … service.ts\n`);
  const logs = [0, 1, 2].map((slot) => `${NAME}.${slot}`);
  const follower = new Follower();
  const good = await run(first, ORDERS);
  // Before anything can be overwritten: what a reader did not find when it came is not lost to it.
  let isOver = false;
  const slowly = readSlowly(logs[0], () => isOver);
  const killed = await run(second, ORDERS);
  const broken = await run(third, ORDERS, ORDERS / 2);
  // On a busy machine the first one would be done, and its slot free, before the last one begins.
  for (const { recorder } of [good, killed, broken]) recorder.stdin.end();
  say(`${[good, killed, broken].map(({ title }) => title).join(", ")} take orders`);

  while (written(logs[1]) < ORDERS / 4) await pause(5);
  process.kill(killed.pid, "SIGKILL");
  say(`kill -9 ${killed.pid}: the service on ${killed.title}`);
  const killedCode = await killed.ended;
  const before = written(logs[1]);
  // By now the first service may have ended, and left its slot.
  const next = await run(second, ORDERS / 4, undefined, logs[1]);
  next.recorder.stdin.end();
  say(
    `${next.title} is started again: it has the same log, which continues with entry ${before + 1}`,
  );
  const codes = [await good.ended, killedCode, await broken.ended, await next.ended];
  const totals = logs.map(written);
  for (const [i, name] of logs.entries()) {
    const isRead = () => follower.count(name).read + follower.count(name).lost >= totals[i];
    while (!isRead()) await pause(10);
  }
  isOver = true;
  const slow = await slowly;

  command(
    "tail",
    "--all",
    "-p",
    "warn",
    "-g",
    "the pool|TypeError:|ended by|exited with 1",
    "-o",
    "pretty",
    `${NAME}.*`,
  );
  command("tail", "-n", "3", "-o", "pretty", `${NAME}.*`);
  const saved = readdirSync(folder).map((name) => ({ path: join(folder, name) }));
  command("list", ...saved.map(({ path }) => path));

  const printed = [good.lines, killed.lines + next.lines, broken.lines];
  const ends = [1, 2, 1];
  console.log("\nlog                      printed    ends   written      read      lost");
  const row = (name: string, numbers: (number | string)[]) =>
    console.log(name.padEnd(22) + numbers.map((one) => String(one).padStart(10)).join(""));
  // On a busy machine this reader loses entries, too.
  const followed = logs.map((name) => follower.count(name));
  followed.forEach(({ read, lost }, i) => {
    row(logs[i], [printed[i], ends[i], totals[i], read, lost]);
  });
  row("a slow reader of .0", ["", "", totals[0], slow.read, slow.lost]);
  await follower.end();

  const isEnd = (path: string) => {
    using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
    return /"msg":"\S+ (ended by SIGKILL|exited with 1)"/.test([...reader].at(-1)?.text ?? "");
  };
  const checks: [string, boolean][] = [
    ["the exit codes are those of the services", codes.join() === "0,137,1,0"],
    [
      "every line that was printed is recorded, and each end",
      totals.every((total, i) => total === printed[i] + ends[i]),
    ],
    [
      "read + lost = written, for each log that was followed",
      followed.every(({ read, lost }, i) => read + lost === totals[i]),
    ],
    [
      "the slow reader lost entries, and knows how many",
      slow.lost > 0 && slow.read + slow.lost === totals[0],
    ],
    [
      "the logs of both crashes were saved, up to their ends",
      saved.length === 2 && saved.every(({ path }) => isEnd(path)),
    ],
  ];
  console.log("");
  for (const [what, holds] of checks) console.log(`${holds ? "ok  " : "FAIL"}  ${what}`);
  return checks.every(([, holds]) => holds);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const timer = setInterval(() => {
  if (performance.now() - heardAt < PATIENCE) return;
  console.error(`for ${PATIENCE / 1000} s nothing came of the demo: a part of it hangs`);
  finish(1);
}, 1000);

function finish(code: number): void {
  clearInterval(timer);
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
  for (const slot of [0, 1, 2]) SharedMemory.unlink(`${NAME}.${slot}`);
  const isRemoved = [0, 1, 2].every((slot) => !SharedMemory.exists(`${NAME}.${slot}`));
  console.log(`${isRemoved ? "ok  " : "FAIL"}  the logs are removed`);
  process.exit(isRemoved ? code : 1);
}

try {
  finish(await demo() ? 0 : 1);
} catch (error) {
  console.error(error);
  finish(1);
}
