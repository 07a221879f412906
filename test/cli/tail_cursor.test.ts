/** `ouroboros tail` goes on where it was: cursors, also after its own sudden death. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { done, fill, lines } from "../support/numbered_lines.ts";
import { baseSeed, Random } from "../support/random.ts";
import { sameOnAll, slowness, uniqueName } from "../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 5);

function makeLog(chunkSize = 1024, name: string = uniqueName()): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize, chunkCount: 4 });
}

const parent = testFolder("tail-cursor");
/** A folder for one test. */
const newFolder = () => mkdtempSync(join(parent, "test-"));

test(
  "tail --state begins with all, then continues where it was",
  { skip: sameOnAll },
  () => {
    const folder = newFolder();
    using log = makeLog();
    const args = ["tail", log.name, "--state", join(folder, "at")];
    fill(log, 20);
    assert.deepEqual(runCli(args), done(lines(1, 20)));
    assert.deepEqual(runCli(args), done(""));
    fill(log, 25);
    assert.deepEqual(runCli([...args, "--grep", "2$"]), done("line 22\n"));
    fill(log, 30);
    // Those that were not wanted were passed by, too.
    assert.deepEqual(runCli(args), done(lines(26, 30)));
    assert.deepEqual(readdirSync(folder), ["at"]);
  },
);

test(
  "tail --state counts what was overwritten meanwhile",
  { skip: sameOnAll },
  () => {
    const folder = newFolder();
    using log = makeLog();
    const args = ["tail", log.name, "--state", join(folder, "at")];
    fill(log, 20);
    assert.deepEqual(runCli(args), done(lines(1, 20)));
    fill(log, 1000);
    const { code, stdout, stderr } = runCli(args);
    const first = Number(/^line (\d+)\n/.exec(stdout)?.[1]);
    assert.deepEqual([code, stdout], [0, lines(first, 1000)]);
    assert.equal(stderr, `ouroboros: ${first - 21} entries lost\n`);
  },
);

test(
  "tail --state says that the log is another one, and prints all of that",
  { skip: sameOnAll },
  () => {
    const folder = newFolder();
    const name = uniqueName();
    const args = ["tail", name, "--state", join(folder, "at")];
    {
      using log = makeLog(1024, name);
      fill(log, 5);
      assert.deepEqual(runCli(args), done(lines(1, 5)));
    }
    using log = makeLog(1024, name);
    fill(log, 8);
    const stderr =
      "ouroboros: the place is one of another log: all entries of this one are printed\n";
    assert.deepEqual(runCli(args), { code: 0, stdout: lines(1, 8), stderr });
    assert.deepEqual(runCli(args), done(""));
  },
);

test(
  "a damaged state file is an error, and nothing is printed",
  { skip: sameOnAll },
  () => {
    const folder = newFolder();
    using log = makeLog();
    fill(log, 5);
    const path = join(folder, "at");
    writeFileSync(path, "");
    const { code, stdout, stderr } = runCli(["tail", log.name, "--state", path]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^ouroboros: state file .*at is damaged \(.+\): remove it .*\n$/);
  },
);

test("tail --after-cursor continues after what --show-cursor printed", { skip: sameOnAll }, () => {
  using log = makeLog();
  fill(log, 20);
  const first = runCli(["tail", log.name, "-n", 1, "--show-cursor"]);
  const [, cursor] = /^line 20\n-- cursor: (.*)\n$/.exec(first.stdout) ?? assert.fail(first.stdout);
  fill(log, 22);
  const second = runCli([
    "tail",
    log.name,
    "--after-cursor",
    cursor,
    "-o",
    "json",
    "--show-cursor",
  ]);
  const objects = second.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(objects.slice(0, 2).map(({ seq }) => seq), [21, 22]);
  assert.deepEqual(objects[2].cursor, { ...JSON.parse(cursor), sequenceNumber: 22 });
});

test("cursors that make no sense are wrong usage", { skip: sameOnAll }, () => {
  for (
    const [args, pattern] of [
      [["/x", "--after-cursor", '{"device":1}'], /cursor.inode is undefined, but must be/],
      [["/x", "/y", "--state", "at"], /name one log/],
      [["/x", "-o", "raw", "--show-cursor"], /-o raw: choose text or json/],
    ] as const
  ) {
    const { code, stdout, stderr } = runCli(["tail", ...args]);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, pattern);
  }
});

test(`a tail --state that is killed at random skips nothing (seed ${baseSeed})`, async () => {
  const folder = newFolder();
  const random = new Random(baseSeed);
  // Large enough for all that is written here.
  using log = makeLog(1 << 20);
  const path = join(folder, "at");
  const args = ["tail", "-f", log.name, "--state", path];
  let last = 0;
  let saved = 0;
  // However long a start takes: what was not printed yet is not overwritten.
  const most = () => last + 100_000;
  const timer = setInterval(
    () => fill(log, Math.min(log.totalEntriesWritten + random.below(40), most())),
    slowness,
  );
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const running = startCli(args);
      const ended = running.ended();
      await running.until((stdout) => stdout.includes("\n"));
      await sleep(random.below(40 * slowness));
      running.process.kill("SIGKILL");
      last = follows(last, (await ended).stdout);
      // What is saved was printed. The first one may die before it has saved anything.
      const { sequenceNumber } = existsSync(path)
        ? JSON.parse(readFileSync(path, "utf8"))
        : { sequenceNumber: 0 };
      assert.ok(
        sequenceNumber >= saved && sequenceNumber <= last,
        `${sequenceNumber} of ${last}`,
      );
      saved = sequenceNumber;
    }
  } finally {
    clearInterval(timer);
  }
  // The one that was killed last may have saved that it printed all there was.
  fill(log, log.totalEntriesWritten + 1);
  const running = startCli(args);
  await running.until((stdout) => stdout.endsWith(`line ${log.totalEntriesWritten}\n`));
  running.signal("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(follows(last, stdout), log.totalEntriesWritten);
  assert.equal(JSON.parse(readFileSync(path, "utf8")).sequenceNumber, log.totalEntriesWritten);
});

test("a tail --state that is killed while nobody takes its output saved no more than it printed", async () => {
  const folder = newFolder();
  using log = makeLog(1 << 20);
  const path = join(folder, "at");
  const running = startCli(["tail", "-f", log.name, "--state", path]);
  fill(log, 10);
  await running.until((stdout) => stdout.endsWith("line 10\n"));
  running.process.stdout?.pause();
  const saved = (): number =>
    existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).sequenceNumber : 0;
  fill(log, 20);
  const ended = running.ended();
  let hasEnded = false;
  ended.then(() => hasEnded = true);
  // So little fits into any pipe.
  for (; saved() < 20; await sleep(5)) assert.ok(!hasEnded, running.stderr);
  // Several times more than a pipe and its buffers take.
  for (let i = 0; i < 50; i++) {
    fill(log, log.totalEntriesWritten + 2000);
    await sleep(2);
  }
  // Until it comes no further.
  for (let before = -1; before !== saved();) {
    before = saved();
    await sleep(300 * slowness);
  }
  running.process.kill("SIGKILL");
  running.process.stdout?.resume();
  const last = follows(0, (await ended).stdout);
  assert.ok(last < log.totalEntriesWritten, "it was stuck");
  assert.ok(saved() <= last, `${saved()} of ${last}`);
});

/** The number of the last whole line; an error unless the lines go on after number `last`, or before. */
function follows(last: number, stdout: string): number {
  const numbers = stdout.split("\n").slice(0, -1).map((line) => Number(line.slice(5)));
  assert.ok(numbers[0] <= last + 1, `${numbers[0]} after ${last}, SEED=${baseSeed}`);
  numbers.forEach((number, i) => assert.equal(number, numbers[0] + i));
  return Math.max(last, numbers[numbers.length - 1]);
}
