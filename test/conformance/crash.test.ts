/** kill -9 of the writer at random moments: nothing wrong, nothing twice, the numbers go on. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, WriterLockedError } from "../../mod.ts";
import { ShmLogWriter } from "../../src/log/native/shm_log_writer.ts";
import { baseSeed, Random } from "../support/random.ts";
import { slowness, startChild, uniqueName } from "../support/runtime.ts";
import { StreamCheck } from "../support/stream.ts";

const KILLS = Number(process.env.KILLS ?? 10);
const writerFile = new URL("children/writer.ts", import.meta.url);

for (const [chunkCount, chunkSize, most] of [[4, 1024, 1500], [1, 4096, 500], [16, 65536, 300]]) {
  const shape = `${chunkCount} chunks of ${chunkSize} bytes`;
  test(`a writer killed ${KILLS} times at random is resumed each time: ${shape} (seed ${baseSeed})`, async () => {
    const name = uniqueName();
    const random = new Random(baseSeed + chunkCount);
    const check = new StreamCheck(most);
    let reader: ShmLogReader | undefined;
    let before = 0;
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const writer = startChild(writerFile, [name, 1e9, most, chunkSize, chunkCount]);
        const resumed = Number(await writer.nextLine());
        assert.equal(resumed, before);
        reader ??= ShmLogReader.open(name);
        assert.equal(reader.isWriterAlive(), true);
        assert.throws(
          () => ShmLogWriter.create(name, { unlinkOnClose: true, ifExists: "resume" }),
          WriterLockedError,
        );
        assert.throws(
          () => ShmLogWriter.create(name, { unlinkOnClose: true, ifExists: "replace" }),
          WriterLockedError,
        );
        await writer.say("go");
        const until = performance.now() + random.below(40 * slowness);
        // On a busy machine nothing may be written so soon.
        while (performance.now() < until || check.read === 0) {
          await new Promise((resolve) => setImmediate(resolve));
          for (const entry of reader) {
            check.take(entry.sequenceNumber, entry.bytes);
            if (performance.now() >= until) break;
          }
        }
        await writer.kill();
        assert.equal(reader.isWriterAlive(), false);
        for (const entry of reader) check.take(entry.sequenceNumber, entry.bytes);
        const info = reader.inspect();
        assert.deepEqual(info.damage, []);
        // What a reader got was published: no successor may take it back.
        assert.ok(info.lastSequenceNumber >= check.last);
        before = info.lastSequenceNumber;
      }
      using writer = ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: false });
      const total = writer.totalEntriesWritten;
      for (const entry of reader!) check.take(entry.sequenceNumber, entry.bytes);
      assert.deepEqual([check.wrong, check.notGrowing], [0, 0]);
      assert.ok(check.read > 0, "entries were read");
      assert.equal(check.read + reader!.lostEntries, total);
    } finally {
      reader?.close();
      SharedMemory.unlink(name);
    }
  });
}
