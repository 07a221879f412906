/** How following ends, also what is followed as a stream; and two that follow at once. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogReader, ShmLogWriter, type ShmLogWriterOptions } from "../../mod.ts";
import { slowness, uniqueName } from "../support/runtime.ts";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

function create(name: string, options: ShmLogWriterOptions = {}): ShmLogWriter {
  return ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
    ...options,
  });
}

test("readable() streams entries, or text with line breaks, no more than is asked for", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  writer.writeMany(["1", "2", "3"]);
  const entries = reader.readable().getReader();
  await pause(10);
  assert.equal(reader.position.sequenceNumber, 0);
  assert.equal((await entries.read()).value?.text, "1");
  await entries.cancel();
  const text = reader.readable({ as: "text" }).getReader();
  assert.equal((await text.read()).value, "2\n3\n");
  writer.write("4");
  assert.equal((await text.read()).value, "4\n");
  const waiting = text.read();
  await text.cancel();
  assert.equal((await waiting).done, true);
  const ended = reader.readable({ signal: AbortSignal.timeout(20) }).getReader();
  assert.equal((await ended.read()).done, true);
});

test("follow() ends with an error when the reader is closed under it", async () => {
  const name = uniqueName("follow");
  using _writer = create(name, { notify: true });
  const reader = ShmLogReader.open(name);
  setTimeout(() => reader.close(), 20);
  await assert.rejects(reader.follow().next(), { code: "CLOSED" });
});

test("return() ends a follower that waits", async () => {
  for (const notify of [false, true]) {
    const name = uniqueName("follow");
    using writer = create(name, { notify });
    using reader = ShmLogReader.open(name);
    const { signal } = new AbortController();
    for (const items of [reader.follow({ signal }), reader.followBatches()]) {
      const waiting = items.next();
      await pause(30);
      const timer = setTimeout(() => writer.write("it waited for this"), 5000 * slowness);
      assert.deepEqual(await items.return?.(), { value: undefined, done: true });
      assert.deepEqual(await waiting, { value: undefined, done: true });
      clearTimeout(timer);
    }
  }
});

test("a signal that lives on remembers no follower that has ended", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  let listeners = 0;
  const { signal } = new AbortController();
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    add.apply(signal, args as Parameters<typeof add>);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    remove.apply(signal, args as Parameters<typeof remove>);
  };
  writer.writeMany(["1", "2", "3"]);
  for await (const _ of reader.follow({ signal })) break;
  await reader.follow({ signal }).return?.();
  const stream = reader.readable({ signal }).getReader();
  await stream.read();
  assert.equal(listeners, 1);
  await stream.cancel();
  assert.equal(listeners, 0);
});

test("of two that follow one reader by batches each has a batch of its own", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  const [one, other] = [reader.followBatches(), reader.followBatches()];
  writer.writeMany(["a", "b"]);
  const { value: first } = await one.next();
  writer.writeMany(["c", "d"]);
  const { value: second } = await other.next();
  writer.write("e");
  reader.readBatch();
  assert.deepEqual([first?.texts(), second?.texts()], [["a", "b"], ["c", "d"]]);
  await Promise.all([one.return?.(), other.return?.()]);
});
