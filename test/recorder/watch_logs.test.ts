/** Logs watched from outside, by a process that does not run for moments. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { LogSet, ShmLogWriter } from "../../mod.ts";
import { parseCondition } from "../../src/recorder/conditions.ts";
import { watchLogs } from "../../src/recorder/watch_logs.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = needsLastingNames ||
  (process.platform === "darwin" && "this system does not list shared memory");

/** Keeps this process from everything else, as a busy machine does. */
function stall(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

test("the last entries are read before a writer counts as dead, however seldom a watch runs", {
  skip,
  timeout: 60_000,
}, async () => {
  const base = uniqueName("stalled");
  const make = (name: string, unlinkOnClose = false) =>
    ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", version: 2, unlinkOnClose });
  const end = new AbortController();
  try {
    const [ended, finished, removed] = [make("ended"), make("finished"), make("removed", true)];
    const logs = [ended, finished, removed, make("left")];
    for (const log of logs) log.write("a line");
    using set = LogSet.open(`${base}.*`);
    const dead: string[] = [];
    const watching = watchLogs({
      ...{ set, conditions: [{ kind: "dead", reason: "dead" }], signal: end.signal },
      onTrigger: ({ log }) => dead.push(log),
    });
    // They are seen to be alive.
    await sleep(300);
    ended.write('{"level":"info","logger":"ouroboros.run","exitCode":0}');
    finished.write("last");
    finished.finish();
    for (const log of logs) log.close();
    // Each time it runs, more time has passed than a writer must be gone.
    for (let i = 0; i < 6 || dead.length === 0; i++) {
      stall(600);
      await sleep(0);
    }
    end.abort();
    await watching;
    assert.deepEqual(dead, [`${base}.left`]);
  } finally {
    end.abort();
    for (const name of ["ended", "finished", "left"]) SharedMemory.unlink(`${base}.${name}`);
  }
});

test("a line without an end is asked when its log is removed, and when the watch ends", {
  skip,
  timeout: 60_000,
}, async () => {
  const base = uniqueName("unended");
  const make = (name: string) =>
    ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", version: 2, unlinkOnClose: true });
  using removed = make("removed");
  using stays = make("stays");
  const end = new AbortController();
  using set = LogSet.open(`${base}.*`);
  const seen: string[] = [];
  let entries = 0;
  const watching = watchLogs({
    ...{ set, conditions: [parseCondition("level:error")], signal: end.signal },
    onTrigger: ({ log }) => seen.push(log),
    onEntry: () => entries++,
  });
  const write = (log: ShmLogWriter, text: string) => log.write(`2026-11-29T20:00:00.1Z ${text}`);
  for (const log of [removed, stays]) {
    write(log, "stdout P level=err");
    write(log, "stderr F level=info msg=between");
    write(log, "stdout P or msg=unended");
  }
  while (entries < 6) await sleep(10);
  assert.deepEqual(seen, []);
  removed.close();
  while (seen.length === 0) await sleep(10);
  assert.deepEqual(seen, [removed.name]);
  end.abort();
  await watching;
  assert.deepEqual(seen, [removed.name, stays.name]);
});
