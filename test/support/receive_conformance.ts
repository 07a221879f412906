/** What every carrier keeps that messages are received by, and what a reception makes of them. */

import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogMessage, LogSource } from "../../src/ship/message.ts";
import type { Incoming, ReceiveCarrier } from "../../src/ship/carrier.ts";
import type { ReceivedItem } from "../../src/ship/received.ts";
import { Reception } from "../../src/ship/reception.ts";
import { Random } from "./random.ts";

/** A stream, and what can be done to it. */
export interface ReceiveWorld extends AsyncDisposable {
  /** A way to it; with a consumer that is remembered, if it has a name. */
  carrier(options?: { consumer?: string; window?: number }): ReceiveCarrier;
  /** Puts messages into it. */
  put(messages: readonly LogMessage[]): Promise<void>;
  /** Has all come again that was not done with. */
  disturb(): Promise<void>;
}

const encoder = new TextEncoder();
/** When all was read. */
const TIME = 1795280400000;

/** The source of that number. */
export function sourceNumber(number: number): LogSource {
  return { host: `host${number}`, name: "/app", segment: "1a-2b-3c" };
}

/** An entry of a source, before which so many were left out on purpose. */
export function entryOf(source: LogSource, sequenceNumber: number, filtered = 0): LogMessage {
  const payload = encoder.encode(`${source.host} ${sequenceNumber}`);
  const entry = { kind: "entry", ...source, sequenceNumber, time: TIME, payload } as const;
  return filtered > 0 ? { ...entry, filtered } : entry;
}

/** A gap of a source, before which so many were left out on purpose. */
export function gapOf(source: LogSource, from: number, to: number, filtered = 0): LogMessage {
  return {
    kind: "gap",
    ...source,
    from,
    to,
    count: to - from + 1,
    reason: "overwritten",
    time: TIME,
    ...filtered > 0 && { filtered },
  };
}

/** What forwarders send that are killed and sent out of order: all numbers, some of them several times. */
export function messagesOf(random: Random, count: number): LogMessage[] {
  const sources = 1 + random.below(4);
  const next = new Map<number, number>();
  let messages: LogMessage[] = [];
  for (let i = 0; i < count; i++) {
    const number = random.below(sources);
    const source = sourceNumber(number);
    const filtered = random.below(4) === 0 ? random.below(5) : 0;
    const from = (next.get(number) ?? 1) + filtered;
    const to = from + (random.below(10) === 0 ? random.below(5) : -1);
    messages.push(
      to < from ? entryOf(source, from, filtered) : gapOf(source, from, to, filtered),
    );
    next.set(number, Math.max(from, to) + 1);
    // Some of those before come again.
    if (random.below(12) === 0) {
      const again = random.below(messages.length);
      messages.push(...messages.slice(again, again + random.below(6)));
    }
  }
  // Out of order, within a window.
  messages = messages.map((message, i) => ({ message, at: i + random.below(8) * random.below(2) }))
    .sort((a, b) => a.at - b.at).map(({ message }) => message);
  return messages;
}

/** What each source has, as it was given: all numbers once and in order, or this throws. */
export class Given {
  readonly lasts = new Map<string, [LogSource, number]>();
  entries = 0;
  missing = 0;
  filtered = 0;

  add(items: readonly ReceivedItem[]): void {
    for (const item of items) {
      const { host } = item.source;
      const [from, to] = item.kind === "entry"
        ? [item.sequenceNumber, item.sequenceNumber]
        : [item.from, item.to];
      assert.equal(from, (this.lasts.get(host)?.[1] ?? 0) + 1, `${item.kind} of ${host}`);
      if (item.kind === "entry") assert.equal(item.text, `${host} ${from}`);
      else assert.ok(["overwritten", "filtered"].includes(item.reason), item.reason);
      this.lasts.set(host, [item.source, to]);
      if (item.kind === "entry") this.entries++;
      else if (item.reason === "filtered") this.filtered += item.count;
      else this.missing += item.count;
    }
  }

  /** How many of the numbers of these messages were left out on purpose. */
  static filteredIn(messages: readonly LogMessage[]): number {
    const all = new Set<string>();
    for (const message of messages) {
      const from = message.kind === "entry" ? message.sequenceNumber : message.from;
      for (let i = 1; i <= (message.filtered ?? 0); i++) all.add(`${message.host} ${from - i}`);
    }
    return all.size;
  }

  /** Whether all of these messages were given. */
  isComplete(messages: readonly LogMessage[]): boolean {
    return messages.every((message) => {
      const to = message.kind === "entry" ? message.sequenceNumber : message.to;
      return (this.lasts.get(message.host)?.[1] ?? 0) >= to;
    });
  }
}

/** Tests a carrier; `runs` times at random, with about so many messages. */
export function receiveConformance(
  name: string,
  make: (options: { random?: Random }) => Promise<ReceiveWorld>,
  { runs, messages: size, seed, skip, timeout }: {
    runs: number;
    messages: number;
    seed: number;
    skip: string | false;
    timeout: number;
  },
): void {
  const options = { skip, timeout };
  const source = sourceNumber(1);
  const entries = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => entryOf(source, from + i));

  test(
    `${name}: messages come in order, in places that grow, and end with the signal`,
    options,
    async () => {
      await using world = await make({});
      await world.put(entries(1, 3));
      const end = new AbortController();
      const receiver = await world.carrier().open(end.signal);
      assert.ok(receiver.isNew);
      const taken = await takeSome(receiver, 3);
      assert.deepEqual(taken.map(({ said }) => said), entries(1, 3));
      const waiting = takeSome(receiver, 2);
      await world.put(entries(4, 5));
      const more = await waiting;
      assert.deepEqual(more.map(({ said }) => said), entries(4, 5));
      const places = [...taken, ...more].map(({ place }) => place);
      assert.deepEqual(places, places.toSorted((a, b) => a - b));
      assert.deepEqual(await receiver.take(1), []);
      const last = receiver.take(1e6);
      end.abort();
      // At once: the time is far longer than a test may take. Some end with the signal, some without.
      assert.deepEqual(await last.catch(() => []), []);
      await receiver.close();
    },
  );

  test(`${name}: what was not done with comes again, and what was does not`, options, async () => {
    await using world = await make({});
    await world.put(entries(1, 6));
    const receiver = await world.carrier({ consumer: "c" }).open(new AbortController().signal);
    const taken = await takeSome(receiver, 6);
    receiver.done(taken.slice(0, 4).map(({ message }) => message), taken[3].place);
    await world.disturb();
    const again = await takeSome(receiver, 2);
    assert.deepEqual(again.map(({ said }) => said), entries(5, 6));
    assert.notEqual(again[0].message.epoch, taken[0].message.epoch);
    receiver.done(again.map(({ message }) => message), again[1].place);
    await receiver.close();
    await world.put(entries(7, 7));
    const next = await world.carrier({ consumer: "c" }).open(new AbortController().signal);
    assert.ok(!next.isNew);
    assert.deepEqual((await takeSome(next, 1)).map(({ said }) => said), entries(7, 7));
    await next.close();
  });

  test(`${name}: the end is where it was at the start`, options, async () => {
    await using world = await make({});
    await world.put(entries(1, 2));
    const receiver = await world.carrier().open(new AbortController().signal);
    assert.ok(!await receiver.isAtEnd());
    await takeSome(receiver, 2);
    assert.ok(await receiver.isAtEnd());
    await receiver.close();
  });

  test(`${name}: random: disturbed and killed, every number is given once and in order`, {
    skip,
    timeout: timeout * 2,
  }, async () => {
    console.log(`seed ${seed}`);
    let given = 0;
    let disturbances = 0;
    const once = async (run: number) => {
      const random = new Random(seed + run);
      await using world = await make({ random });
      const messages = messagesOf(random, 1 + random.below(2 * size));
      // Something new for the last receiver, whatever those before have had.
      messages.push(entryOf(sourceNumber(99), 1));
      const parts = 1 + random.below(4);
      const done = new Given();
      let next = 0;
      // Killed after each part, but for the last: what was given and not asked to go on may come again.
      for (let part = 1; part <= parts; part++) {
        const end = new AbortController();
        const carrier = world.carrier({ consumer: "c", window: 1 + random.below(40) });
        const reception = new Reception(
          carrier,
          { signal: end.signal, maxHold: 1e6 },
          { isOldest: true, lasts: done.lasts.values() },
        );
        const until = part === parts
          ? messages.length
          : next + random.below(messages.length - next);
        const putting = (async () => {
          while (next < until) {
            const count = 1 + random.below(30);
            await world.put(messages.slice(next, Math.min(until, next + count)));
            next = Math.min(until, next + count);
            if (random.below(6) === 0) {
              disturbances++;
              await world.disturb();
            }
          }
        })();
        const kill = part === parts ? Infinity : random.below(size);
        if (part < parts) void putting.then(() => sleep(random.below(5))).then(() => end.abort());
        for await (const items of reception.batches()) {
          done.add(items);
          if (done.entries > kill || part === parts && done.isComplete(messages)) break;
        }
        await putting;
      }
      // What was left out is given as such, and nothing else is.
      assert.equal(done.filtered, Given.filteredIn(messages));
      given += done.entries + done.missing + done.filtered;
    };
    for (let run = 0; run < runs;) {
      // They wait most of the time.
      const some = Array.from({ length: Math.min(40, runs - run) }, () => run++);
      await Promise.all(some.map(async (run) => {
        try {
          await once(run);
        } catch (error) {
          (error as Error).message += ` (seed ${seed + run})`;
          throw error;
        }
      }));
    }
    console.log(`${runs} runs, ${given} numbers, ${disturbances} disturbances`);
  });
}

async function takeSome(
  receiver: { take(time: number): Promise<Incoming[]> },
  count: number,
): Promise<{ message: Incoming; place: number; said: unknown }[]> {
  const all: { message: Incoming; place: number; said: unknown }[] = [];
  while (all.length < count) {
    for (const message of await receiver.take(1000)) {
      const said = message.unpack();
      // Memory of the network.
      const isEntry = typeof said === "object" && said.kind === "entry";
      all.push({
        message,
        place: message.place,
        said: isEntry ? { ...said, payload: new Uint8Array(said.payload) } : said,
      });
    }
  }
  return all;
}
