/** Receiving from memory, thousands of times: RECEIVE_RUNS is how often. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { Reception } from "../../src/ship/reception.ts";
import { testFolder } from "../support/folder.ts";
import { MemoryReceiveCarrier, MemoryStream } from "../support/memory_receiver.ts";
import { baseSeed } from "../support/random.ts";
import { entryOf, receiveConformance, sourceNumber } from "../support/receive_conformance.ts";
import { slowness } from "../support/runtime.ts";

receiveConformance("memory", ({ random }) => {
  const stream = new MemoryStream();
  const carriers: MemoryReceiveCarrier[] = [];
  return Promise.resolve({
    carrier(options = {}) {
      const carrier = new MemoryReceiveCarrier(stream, { ...options, ...random && { random } });
      carriers.push(carrier);
      return carrier;
    },
    put(messages) {
      stream.put(...messages);
      return Promise.resolve();
    },
    disturb() {
      carriers.at(-1)?.receiver?.cut();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, {
  runs: Number(process.env.RECEIVE_RUNS ?? 2000),
  messages: 60,
  seed: baseSeed,
  skip: false,
  timeout: 120_000 * slowness,
});

/** What is received of a stream, in words, and how many messages said nothing new. */
async function received(
  stream: MemoryStream,
  options: { maxSources?: number; maxHeldMessages?: number },
): Promise<{ words: string; duplicates: number }> {
  const carrier = new MemoryReceiveCarrier(stream);
  const reception = new Reception(carrier, { follow: false, ...options }, { isOldest: true });
  const words: string[] = [];
  for await (const item of reception) {
    if (item.source.host !== "host1") continue;
    words.push(item.kind === "entry" ? `${item.sequenceNumber}` : `${item.from}-${item.to}`);
  }
  return { words: words.join(" "), duplicates: reception.summary.duplicates };
}

test("a machine that invents logs does not make others be forgotten", async () => {
  const stream = new MemoryStream();
  const [web, evil] = [sourceNumber(1), sourceNumber(2)];
  stream.put(entryOf(web, 1), entryOf(web, 2));
  for (let i = 0; i < 50; i++) stream.put(entryOf({ ...evil, segment: `${i}-0-0` }, 1));
  stream.put(entryOf(web, 2), entryOf(web, 3));
  const { words, duplicates } = await received(stream, { maxSources: 5 });
  assert.deepEqual([words, duplicates], ["1 2 3", 1]);
});

test("a machine that sends numbers from the future does not cost others what they wait for", async () => {
  const stream = new MemoryStream();
  const [web, evil] = [sourceNumber(1), sourceNumber(2)];
  stream.put(entryOf(web, 1), entryOf(web, 3));
  for (let i = 0; i < 50; i++) stream.put(entryOf(evil, 1000 + 2 * i));
  for (let i = 0; i < 50; i++) stream.put(entryOf({ ...evil, name: `/${i}` }, 1000));
  stream.put(entryOf(web, 2), entryOf(web, 4));
  const { words } = await received(stream, { maxHeldMessages: 10 });
  assert.equal(words, "1 2 3 4");
});

test("a carrier that can't be closed leaves the state file to the next receiver", async () => {
  const state = join(testFolder("closing"), "state");
  const stream = new MemoryStream();
  stream.put(entryOf(sourceNumber(1), 1));
  const receiveAll = async (isBroken: boolean) => {
    const carrier = new MemoryReceiveCarrier(stream, { consumer: "c" });
    const reception = new Reception(carrier, { follow: false, state }, { isOldest: true });
    for await (const _ of reception) {
      if (isBroken) carrier.receiver!.close = () => Promise.reject(new Error("can't be closed"));
    }
    return reception.summary.entries;
  };
  await assert.rejects(receiveAll(true), /can't be closed/);
  assert.equal(await receiveAll(false), 0);
});
