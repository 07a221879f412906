/** `ouroboros watch --min-interval`: the same again waits, and nothing is lost by that. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import type { RunningCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { sameOnAll, startChild, uniqueName } from "../support/runtime.ts";
import { endWatch, recordsOf, savedIn, startWatch } from "../support/watching.ts";

const skip = (process.platform === "darwin" && "this system does not list shared memory") ||
  (isWindows && "shared memory goes with its writer");
const folder = testFolder("watch-interval");
const names: string[] = [];
after(() => names.forEach((name) => SharedMemory.unlink(name)));

function makeLog(name: string): ShmLogWriter {
  names.push(name);
  return ShmLogWriter.create(name, { size: "256KiB", ifExists: "resume" });
}

const line = (level: number, msg: string) => JSON.stringify({ level, time: Date.now(), msg });

const script = new URL("./children/one_writer.ts", import.meta.url);

test("an error in one log does not keep the death of another one from being saved", {
  skip,
  timeout: 60_000,
}, async () => {
  const name = uniqueName("others");
  const dir = join(folder, "others");
  using log = makeLog(`${name}.0`);
  names.push(`${name}.1`);
  const child = startChild(script, [`${name}.1`, "kill", line(30, "last words")]);
  try {
    assert.equal(await child.nextLine(), "written");
    const watch = await startWatch(
      ...[`${name}.*`, "--when", "error", "--when", "dead", "--save", dir],
      ...["--after", "0s", "--min-interval", "1h"],
    );
    log.write(line(50, "an error"));
    await watch.untilStderr((stderr) => stderr.includes(`error in ${name}.0: `));
    log.write(line(50, "the same again"));
    await watch.untilStderr((stderr) => stderr.includes(`error in ${name}.0 again: to be saved`));
    await child.kill();
    // At once, and with what would have waited for an hour.
    await watch.untilStderr((stderr) =>
      new RegExp(`dead in ${name}\\.1: .*-dead\\.log; with 1 more: error in ${name}\\.0\\n`)
        .test(stderr)
    );
    const dead = savedIn(dir).find((file) => file.includes("dead"))!;
    const said = recordsOf(join(dir, dead)).map(({ msg }) => msg);
    assert.ok(said.includes("last words") && said.includes("the same again"), said.join());
    const writer = process.platform === "linux" ? `, writer PID ${child.pid}` : "";
    assert.equal(said.at(-1), `dead: ${name}.1${writer}`);
    assert.match(await endWatch(watch), /3 triggers: 3 in 2 files\n/);
  } finally {
    await child.kill();
  }
});

/** Writes an error, and others when that is reported, until one has to wait; returns the last one. */
async function writeUntilHeld(log: ShmLogWriter, watch: RunningCli): Promise<string> {
  log.write(line(50, "first"));
  await watch.untilStderr((stderr) => stderr.includes("error in"));
  const count = () => watch.stderr.split(" again: ").length;
  const before = count();
  let last = "";
  while (count() === before) {
    last = `error ${performance.now()}`;
    log.write(line(50, last));
    await sleep(50);
  }
  return last;
}

/** The last text of the newest file, if there is one. */
function lastSavedIn(dir: string): unknown {
  const file = savedIn(dir).at(-1);
  if (file === undefined) return undefined;
  using reader = ShmLogReader.open({ path: join(dir, file) }, { strategy: "oldest" });
  return [...reader].map(({ text }) => JSON.parse(text).msg).at(-1);
}

test("the last error before a silence is saved when the interval ends, or the command", {
  skip: skip || sameOnAll,
  timeout: 60_000,
}, async () => {
  const dir = join(folder, "silence");
  using log = makeLog(uniqueName("silence"));
  const watch = await startWatch(
    ...[log.name, "--when", "error", "--save", dir, "--after", "0s", "--min-interval", "2s"],
  );
  const last = await writeUntilHeld(log, watch);
  while (lastSavedIn(dir) !== last) await sleep(50);
  const next = await writeUntilHeld(log, watch);
  watch.signal("SIGTERM");
  const { code, stderr } = await watch.ended();
  assert.equal(code, 0, stderr);
  assert.equal(lastSavedIn(dir), next);
  // Once for each interval.
  assert.ok(stderr.split(" again: to be saved in ").length <= savedIn(dir).length, stderr);
  assert.match(stderr, /(\d+) triggers: \1 in \d+ files\n/);
});

test("what waits is saved though its log is removed meanwhile", {
  skip: skip || sameOnAll,
  timeout: 60_000,
}, async () => {
  const dir = join(folder, "removed");
  const log = makeLog(uniqueName("removed"));
  const watch = await startWatch(
    ...[log.name, "--when", "error", "--save", dir, "--after", "0s", "--min-interval", "3s"],
    // Less than it waits.
    ...["--last", "300ms"],
  );
  const last = await writeUntilHeld(log, watch);
  log.close({ unlink: true });
  while (lastSavedIn(dir) !== last) await sleep(50);
  await endWatch(watch);
});

test("a log whose writers die again and again makes one file an interval", {
  skip,
  timeout: 60_000,
}, async () => {
  const name = `${uniqueName("loop")}.0`;
  const dir = join(folder, "loop");
  let log = makeLog(name);
  const watch = await startWatch(
    ...[`${name.slice(0, -1)}?`, "--when", "dead", "--save", dir, "--after", "0s"],
    ...["--min-interval", "1h", "--summary", "100ms"],
  );
  for (let death = 1; death <= 3; death++) {
    log.write(JSON.stringify({
      ...{ level: "error", logger: "ouroboros.run", msg: `app ended by SIG${death}` },
      ...{ pid: 4000 + death, exitCode: death },
    }));
    log.close();
    const triggers = death === 1 ? "1 trigger:" : `${death} triggers:`;
    await watch.untilStderr((stderr) => stderr.includes(triggers));
    if (death < 3) log = makeLog(name);
    // It is seen to be alive.
    const turns = () => watch.stderr.split(" seen; ").length;
    const before = turns();
    await watch.untilStderr(() => turns() >= before + 4);
  }
  await watch.untilStderr((stderr) => stderr.includes("3 triggers: 1 in 1 file, 2 to come"));
  assert.equal(savedIn(dir).length, 1);
  const stderr = await endWatch(watch);
  assert.equal(stderr.split(`dead in ${name} again: to be saved in 60 min`).length, 2, stderr);
  assert.match(stderr, new RegExp(`dead in ${name}: .*; with 1 more: dead in ${name}\\n`));
  // Each with the program's process, which is not that of its writer.
  const writer = process.platform === "linux" ? `, writer PID ${process.pid}` : "";
  const [, file] = savedIn(dir);
  const deaths = recordsOf(join(dir, file)).filter(({ logger }) => logger === "ouroboros.watch");
  assert.deepEqual(
    deaths.map(({ msg, programPid }) => [msg, programPid]),
    [2, 3].map((death) => [
      `dead: ${name}, app ended by SIG${death}, program PID ${4000 + death}${writer}`,
      4000 + death,
    ]),
  );
});

test("without a folder the same again is counted, and reported when the interval ends", {
  skip: skip || sameOnAll,
  timeout: 60_000,
}, async () => {
  using log = makeLog(uniqueName("counted"));
  const watch = await startWatch(log.name, "--when", "error", "--min-interval", "2s");
  await writeUntilHeld(log, watch);
  await watch.untilStderr((stderr) =>
    /error in (\S+) again: counted for \d s.*\n.*error in \1(;.*)?\n/.test(stderr)
  );
  assert.match(await endWatch(watch), /seen; \d+ triggers\n/);
});
