/** Receiving into a local log: what is there already, and what somebody has taken away. */

import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { segmentSize, ShmLogReader } from "../../../mod.ts";
import { WriterLockedError } from "../../../src/errors.ts";
import { Origins } from "../../../src/ship/origins.ts";
import type { IntoFound, IntoSummary } from "../../../src/ship/receive_into.ts";
import { receiveInto, type ReceiveIntoOptions } from "../../../src/ship/carriers/nats/receive.ts";
import { sourceOf } from "../../support/nats_publisher.ts";
import { natsTest } from "../../support/nats_server.ts";
import { ReceiveTests } from "../../support/receiving.ts";
import { uniqueName } from "../../support/runtime.ts";

const [a, b] = [sourceOf("a"), sourceOf("b")];
const tests = new ReceiveTests();
let name: string;
const names: string[] = [];

afterEach(() => {
  for (const one of names.splice(0)) {
    SharedMemory.unlink(one);
    SharedMemory.unlink(`${one}.origin`);
  }
});

/** A stream, and a name for a log, of their own. */
async function begin(): Promise<string> {
  names.push(name = uniqueName("received"));
  return await tests.newStream();
}

/** How to receive what there is. */
function common(stream: string): ReceiveIntoOptions {
  return {
    servers: tests.server.url,
    stream,
    follow: false,
    chunkSize: 65536,
    chunkCount: 4,
    maxHold: 50,
  };
}

/** Receives what there is; gives what there was, too. */
async function receiveAll(
  stream: string,
  options: Partial<ReceiveIntoOptions> = {},
): Promise<IntoSummary & { found: IntoFound }> {
  let found: IntoFound | undefined;
  const summary = await receiveInto(name, {
    ...common(stream),
    consumer: "c",
    onResume: (there) => found = there,
    ...options,
  });
  // The next one is to find a server that has acted upon all acknowledgements.
  while (options.follow !== true && await isOwed(stream)) await sleep(5);
  return { ...summary, found: found! };
}

/** Whether the server waits for acknowledgements. */
async function isOwed(stream: string): Promise<boolean> {
  return (await tests.publisher.jsm.consumers.info(stream, "c")).num_ack_pending > 0;
}

/** The local log in words, each entry with where it is from, and what is missing. */
function contents(): string {
  using origins = Origins.open(name);
  const missing = [...origins.missing];
  using log = ShmLogReader.open(name, { strategy: "oldest" });
  const words: string[] = [];
  const gapsBefore = (number: number) => {
    while (missing.length > 0 && missing[0].before <= number) {
      const { source, from, to, reason } = missing.shift()!;
      words.push(`${source.host}[${from}-${to} ${reason}]`);
    }
  };
  for (const entry of log) {
    gapsBefore(entry.sequenceNumber);
    const origin = origins.of(entry.sequenceNumber);
    if (origin === undefined) words.push(`?${entry.text.slice(-1)}`);
    else {
      assert.equal(entry.text, `${origin.source.host} says ${origin.sequenceNumber}`);
      words.push(`${origin.source.host}${origin.sequenceNumber}`);
    }
  }
  gapsBefore(Infinity);
  return words.join(" ");
}

natsTest("entries and gaps of several logs, and once more when there are more", async () => {
  const stream = await begin();
  await tests.publisher.entries(stream, a, [1, 3, 2]);
  await tests.publisher.gap(stream, a, 4, 6);
  await tests.publisher.entries(stream, b, [1]);
  const first = await receiveAll(stream);
  assert.deepEqual([first.entries, first.gaps, first.lastSequenceNumber], [4, 1, 4]);
  assert.deepEqual(first.found, { lastSequenceNumber: 0, sources: 0, missing: 0, untold: 0 });
  await tests.publisher.entries(stream, a, [7, 7]);
  const second = await receiveAll(stream);
  assert.deepEqual([second.entries, second.duplicates, second.lastSequenceNumber], [1, 1, 5]);
  assert.deepEqual(second.found, { lastSequenceNumber: 4, sources: 2, missing: 0, untold: 0 });
  assert.equal(contents(), "a1 a2 a3 a[4-6 overwritten] b1 a7");
});

natsTest("logs of names that are alike get all of it, each for itself", async () => {
  const stream = await begin();
  await tests.publisher.entries(stream, a, [1, 2]);
  const alike = name;
  for (const one of [`${alike}.x`, `${alike}_x`]) {
    names.push(name = one);
    await receiveInto(name, common(stream));
    assert.equal(contents(), "a1 a2");
  }
});

natsTest("a local log that was removed starts again, with what is new", async () => {
  const stream = await begin();
  await tests.publisher.entries(stream, a, [1, 2]);
  await receiveAll(stream);
  SharedMemory.unlink(name);
  await tests.publisher.entries(stream, a, [3]);
  const { found } = await receiveAll(stream);
  assert.deepEqual(found, { lastSequenceNumber: 0, sources: 1, missing: 0, untold: 0 });
  assert.equal(contents(), "a3");
});

natsTest("without its origin log it is reported that the log is unknown", async () => {
  const stream = await begin();
  await tests.publisher.entries(stream, a, [1, 2]);
  await receiveAll(stream);
  SharedMemory.unlink(`${name}.origin`);
  await tests.publisher.entries(stream, a, [3]);
  const { found } = await receiveAll(stream);
  assert.equal(found.untold, 2);
  assert.equal(contents(), "?1 ?2 a[1-2 before this receiver] a3");
});

natsTest("an entry that is larger than the local log is a gap in it", async () => {
  const stream = await begin();
  const large = (number: number) => number === 2 ? "x".repeat(70_000) : `a says ${number}`;
  await tests.publisher.entries(stream, a, [1, 2, 3], large);
  const { entries, tooLarge } = await receiveAll(stream, { chunkSize: 4096 });
  assert.deepEqual([entries, tooLarge], [3, 1]);
  assert.equal(contents(), "a1 a[2-2 too large for the local log] a3");
});

natsTest("names that are as long as names may be fit beside a small log", async () => {
  const stream = await begin();
  for (let i = 0; i < 100; i++) {
    const odd = { ...a, host: `a${i}`, name: `/${i}${'"\u0001\u00e9'.repeat(1300)}` };
    await tests.publisher.entries(stream, odd, [1, 2]);
  }
  for (let time = 0; time < 2; time++) {
    // The same in both words.
    const size = { size: segmentSize(2, 4096), chunkSize: undefined, chunkCount: 2 };
    await receiveAll(stream, time === 0 ? { chunkSize: 4096, chunkCount: 2 } : size);
    using log = ShmLogReader.open(name, { strategy: "oldest" });
    assert.equal(log.inspect().lastSequenceNumber, 200);
    using origins = Origins.open(name);
    assert.equal(origins.of(200)?.source.host, "a99");
  }
});

natsTest("a local log has one receiver at a time, and mistakes make no log", async () => {
  const stream = await begin();
  await tests.publisher.entries(stream, a, [1]);
  const end = new AbortController();
  let hasBegun = () => {};
  const begun = new Promise<void>((resolve) => hasBegun = resolve);
  const first = receiveAll(stream, { follow: true, signal: end.signal, onItems: hasBegun });
  await begun;
  await assert.rejects(receiveAll(stream), WriterLockedError);
  end.abort();
  assert.equal((await first).entries, 1);
  name = uniqueName("received");
  await assert.rejects(receiveAll("a b"), RangeError);
  assert.ok(!SharedMemory.exists(name));
});
