/** The order in which `ouroboros tail` prints several logs, against a simple merge. */

import assert from "node:assert/strict";
import test, { after } from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { baseSeed, Random } from "../support/random.ts";
import { uniqueName } from "../support/runtime.ts";

/** What is written: a record in JSON with a time and a level, or a line without both. */
interface Written {
  text: string;
  /** Its own time or that of the entry before. */
  time: number;
  level: number | undefined;
}

const START = 1_700_000_000_000;
const seed = `SEED=${baseSeed}`;
const random = new Random(baseSeed);
const writers: ShmLogWriter[] = [];
after(() => writers.forEach((writer) => writer.close()));

let clock = START;
let number = 0;

/** Makes a log, and writes so many entries, of which some have no time. */
class Log {
  readonly written: Written[] = [];
  readonly writer: ShmLogWriter;

  constructor() {
    this.writer = ShmLogWriter.create(uniqueName("order"), {
      unlinkOnClose: true,
      chunkSize: 1 << 18,
      chunkCount: 8,
    });
    writers.push(this.writer);
  }

  write(hasTime: boolean): void {
    const level = 10 * (1 + random.below(6));
    const word = random.below(4) === 0 ? "needle" : "straw";
    clock += 1 + random.below(2000);
    const text = hasTime
      ? JSON.stringify({ level, time: clock, msg: `${word} ${++number}` })
      : `    at ${word} ${++number}`;
    const time = hasTime ? clock : this.written.at(-1)?.time ?? -Infinity;
    this.written.push({ text, time, level: hasTime ? level : undefined });
    this.writer.write(text);
  }
}

/** Logs whose entries were written in turns, as it happens, or all of one before those of the next. */
function makeLogs(counts: number[], timeless: number): Log[] {
  const logs = counts.map(() => new Log());
  const left = [...counts];
  while (left.some((count) => count > 0)) {
    const which = random.below(logs.length);
    for (let i = random.below(40); i >= 0 && left[which] > 0; i--, left[which]--) {
      const isFirst = logs[which].written.length === 0;
      logs[which].write(random.below(100) >= timeless || (isFirst && timeless < 100));
    }
  }
  return logs;
}

/** The texts of what is wanted, the earliest of the next ones of all logs first. */
function expected(
  logs: Log[],
  isWanted: (entry: Written) => boolean = () => true,
  lines: number = Infinity,
): string {
  const rest = logs.map(({ written }) => {
    const wanted = written.filter(isWanted);
    return wanted.slice(Math.max(0, wanted.length - lines));
  });
  const texts: string[] = [];
  for (;;) {
    let first = -1;
    rest.forEach((entries, i) => {
      if (entries.length > 0 && (first < 0 || entries[0].time < rest[first][0].time)) first = i;
    });
    if (first < 0) return texts.map((text) => `${text}\n`).join("");
    texts.push(rest[first].shift()!.text);
  }
}

const PLAIN = ["-o", "text", "--no-prefix"];
const isError = ({ level }: Written) => level === undefined || level >= 50;
const isNeedle = ({ text }: Written) => text.includes("needle");

for (
  const [what, counts, timeless] of [
    ["two logs", [700, 650], 0],
    ["three logs of which one is short, with lines of stacks", [900, 70, 1500], 30],
  ] as const
) {
  test(`tail prints ${what} in the order of their times, in each mode`, () => {
    const logs = makeLogs([...counts], timeless);
    const names = logs.map(({ writer }) => writer.name);
    const middle = START + Math.floor((clock - START) / 2);
    const check = (args: (string | number)[], wanted?: (entry: Written) => boolean, n?: number) => {
      const { code, stdout, stderr } = runCli(["tail", ...names, ...PLAIN, ...args]);
      // How many have no level.
      assert.match(stderr, /^(?:ouroboros: .* no level, which --level .*\n)?$/, args.join(" "));
      assert.equal(code, 0, args.join(" "));
      assert.equal(stdout, expected(logs, wanted, n), `${args.join(" ")} ${seed}`);
    };
    check([], undefined, 10);
    check(["-n", 100], undefined, 100);
    check(["-n", 333], undefined, 333);
    check(["--all"]);
    check(["--from", 1]);
    check(["-p", "error"], isError, 10);
    check(["-p", "error", "-n", 150], isError, 150);
    check(["-p", "error", "--all"], isError);
    check(["--grep", "needle"], isNeedle, 10);
    check(["--grep", "needle", "-p", "error", "-n", 120], (e) => isNeedle(e) && isError(e), 120);
    check(["--since", new Date(middle).toISOString()], ({ time }) => time >= middle);
    check(["--since", new Date(middle).toISOString(), "-n", 90], ({ time }) => time >= middle, 90);
  });
}

test("tail prints logs without any time one after the other", () => {
  const logs = makeLogs([200, 300], 100);
  const names = logs.map(({ writer }) => writer.name);
  const { stdout } = runCli(["tail", ...names, ...PLAIN, "-n", 150]);
  assert.equal(stdout, expected(logs, undefined, 150), seed);
});

for (const flag of ["-f", "-F"]) {
  test(`tail ${flag} prints what comes in the order of its times, too`, async () => {
    const logs = makeLogs([400, 300, 100], 0);
    const names = logs.map(({ writer }) => writer.name);
    const running = startCli(["tail", flag, ...names, ...PLAIN, "-n", 100]);
    const before = expected(logs, undefined, 100);
    await running.until((stdout) => stdout.length >= before.length);
    assert.equal(running.stdout, before, seed);
    for (const log of logs) log.written.length = 0;
    for (const count of [1, 30, 3000, 20_000]) {
      for (let i = 0; i < count; i++) logs[random.below(logs.length)].write(true);
      const length = before.length + expected(logs).length;
      await running.until((stdout) => stdout.length >= length);
    }
    running.signal("SIGINT");
    const { code, stdout } = await running.ended();
    assert.equal(code, 0);
    assert.equal(stdout, before + expected(logs), seed);
  });
}
