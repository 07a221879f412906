/** A writer waits for nothing: not for the system, and not for its readers. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { replaceSystem } from "../../ffi/current_system.ts";
import { driver } from "../../ffi/drivers/driver.ts";
import type { Driver } from "../../ffi/drivers/native.ts";
import { posixSystem } from "../../ffi/posix/posix.ts";
import { ShmLogWriter } from "../../mod.ts";
import { needsSignals } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { streamEntry } from "../support/stream.ts";

/** The bytes of the largest entry. */
const MOST = 400;
const shape = { chunkSize: 16384, chunkCount: 4, unlinkOnClose: true };

/** Linux, whose functions are counted when they are called, until it is disposed of. */
class CountingSystem implements Disposable {
  calls = 0;

  constructor() {
    const real = driver();
    const open: Driver["open"] = (library, table) => {
      const counted = Object.entries(real.open(library, table)).map(([name, call]) => [
        name,
        (...given: never[]) => {
          this.calls++;
          return (call as (...given: never[]) => unknown)(...given);
        },
      ]);
      return Object.fromEntries(counted);
    };
    replaceSystem(posixSystem("linux", process.arch, { ...real, open }));
  }

  [Symbol.dispose](): void {
    replaceSystem(undefined);
  }
}

const skip = process.platform !== "linux" && "the calls are those of Linux";
for (const notify of [false, true]) {
  const what = notify ? "with notify and nobody asleep" : "without notify";
  test(`a log of several laps is written without a system call, ${what}`, { skip }, () => {
    using system = new CountingSystem();
    using log = ShmLogWriter.create(uniqueName("calls"), { ...shape, notify });
    assert.ok(system.calls > 0, "calls are counted");
    system.calls = 0;
    for (let i = 0; i < 2000; i++) {
      log.write("x".repeat(100));
      log.writeMany(["one", "two", "three"]);
      const claim = log.claim(20);
      claim.bytes.fill(i);
      claim.commit();
    }
    assert.equal(system.calls, 0);
    log.flush();
    assert.ok(system.calls > 0, "calls are counted to the end");
  });
}

test(`a reader that is stopped holds up no writer, and counts what it lost (seed ${baseSeed})`, {
  skip: needsSignals,
}, async () => {
  const random = new Random(baseSeed);
  const name = uniqueName("stopped");
  using log = ShmLogWriter.create(name, shape);
  const total = 50_000;
  const child = startChild(new URL("children/reader.ts", import.meta.url), [
    name,
    total,
    MOST,
    ["read", "batch", "forEach"][random.below(3)],
  ]);
  assert.equal(await child.nextLine(), "ready");
  const write = (count: number) => {
    for (let i = 0; i < count; i++) log.write(streamEntry(log.totalEntriesWritten + 1, MOST));
  };
  for (let i = 0; i < 10; i++) {
    write(1000);
    // Wherever it is: it reads all the time.
    await new Promise((resolve) => setTimeout(resolve, random.below(10)));
    process.kill(child.pid, "SIGSTOP");
    // Many laps; if the writer waited for a reader, it would wait for ever.
    write(3999);
    process.kill(child.pid, "SIGCONT");
  }
  write(total - log.totalEntriesWritten);
  const { read, wrong, notGrowing, lost, last } = JSON.parse(await child.nextLine());
  assert.deepEqual([wrong, notGrowing, last], [0, 0, total]);
  assert.equal(read + lost, total);
  assert.ok(lost > 0);
  assert.equal(await child.ended(), 0);
});
