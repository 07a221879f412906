/** What every carrier keeps, whatever is behind it: the promises of `carrier.ts`, and what an outbox makes of them. */

import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answers, Outgoing, SendCarrier } from "../../src/ship/carrier.ts";
import type { LogSource } from "../../src/ship/message.ts";
import { bytes, lane, outboxOn } from "./fake_carrier.ts";
import type { StoredMessage } from "./memory_carrier.ts";
import { deliveredBy, ReceivedSource } from "./nats_stream.ts";
import { Random } from "./random.ts";

/** A carrier, and what can be done to what is behind it. */
export interface CarrierWorld extends AsyncDisposable {
  readonly carrier: SendCarrier;
  /** Whether the other side knows what it has, and says so of what comes again. Default true. */
  readonly knowsRepeats?: boolean;
  /** Whether a lost connection is noticed by itself, and not by the next message. Default true. */
  readonly noticesLoss?: boolean;
  /** What is kept there, in order; what came again left out. */
  stored(): Promise<readonly StoredMessage[]>;
  /** Lets it refuse everything, or take it again. */
  setFull(isFull: boolean): Promise<void>;
  /** Ends all connections, or lets nothing through, until `restore()`. */
  cut(): void;
  stall(): void;
  restore(): void;
}

/** How a world is made: with the largest entry that it takes, and with faults by a seed. */
export type MakeWorld = (
  options: { mostBytes?: number; random?: Random },
) => Promise<CarrierWorld>;

const source: LogSource = lane.source;
const secret = new Uint8Array(16).fill(7);

/** A message to send. */
function outgoing(from: number, more: Partial<Outgoing> = {}): Outgoing {
  const payload = more.bytes ?? (more.reason ? new Uint8Array() : bytes(from % 50));
  return {
    ...{ source, from, to: from, reason: undefined, cutFrom: undefined, time: 1795280400123 },
    ...{ filtered: 0, ticket: from, attempt: 1, ...more, bytes: payload, size: payload.length },
  };
}

/** Sends by a carrier, and remembers what is said. */
async function open(world: CarrierWorld) {
  const said: string[] = [];
  const answers: Answers = {
    acknowledged: (attempt, ticket, isDuplicate) =>
      said.push(`${attempt}.${ticket}${isDuplicate ? " again" : ""}`),
    refused: (attempt, ticket, { kind }) => said.push(`${attempt}.${ticket} ${kind}`),
    rejected: (count) => said.push(`Error: ${count} rejected`),
    connected: () => said.push("connected"),
    disconnected: () => said.push("disconnected"),
    failed: (error) => said.push(String(error)),
  };
  const sender = await world.carrier.open(answers, secret, source, undefined);
  const heard = async (...words: (string | RegExp)[]) => {
    const isSaid = (word: string | RegExp) =>
      typeof word === "string" ? said.includes(word) : said.some((one) => word.test(one));
    while (!words.every(isSaid)) {
      await sleep(2);
      const unexpected = said.find((word) => word.includes("Error"));
      if (unexpected !== undefined) assert.fail(unexpected);
    }
  };
  return { sender, said, heard };
}

/** Tests a carrier; `runs` times at random, with about so many messages. */
export function carrierConformance(
  name: string,
  make: MakeWorld,
  { runs, messages, seed, skip, timeout }: {
    runs: number;
    messages: number;
    seed: number;
    skip: string | false;
    timeout: number;
  },
): void {
  const options = { skip, timeout };

  test(`${name}: what is sent is kept as it is, in order, and acknowledged`, options, async () => {
    await using world = await make({});
    const { sender, heard } = await open(world);
    const gap = outgoing(4, { to: 9, reason: "overwritten" });
    const cut = outgoing(10, { cutFrom: 700 });
    const messages = [outgoing(1), outgoing(2, { bytes: new Uint8Array() }), outgoing(3), gap, cut];
    // With what was left out before them.
    messages.push(
      outgoing(21, { filtered: 10 }),
      outgoing(24, { filtered: 2, cutFrom: 700 }),
      outgoing(30, { filtered: 5, to: 33, reason: "overwritten" }),
      outgoing(34, { to: 99, reason: "filtered" }),
    );
    for (const message of messages) sender.send(message);
    await heard(...messages.map(({ from }) => `1.${from}`));
    assert.deepEqual(
      await world.stored(),
      messages.map(({ source, from, to, reason, filtered, bytes, cutFrom, time }) => ({
        ...{ source, from, to, reason, filtered, bytes, cutFrom, time },
      })),
    );
    await sender.close();
  });

  test(`${name}: what is sent again is kept once, and named so`, options, async () => {
    await using world = await make({});
    const { sender, heard } = await open(world);
    const gap = { to: 5, reason: "damaged" } as const;
    for (const attempt of [1, 2]) {
      sender.send(outgoing(1, { attempt }));
      sender.send(outgoing(2, { ...gap, attempt }));
      const again = attempt > 1 && world.knowsRepeats !== false ? " again" : "";
      await heard(`${attempt}.1${again}`, `${attempt}.2${again}`);
    }
    assert.equal((await world.stored()).length, 2);
    await sender.close();
  });

  test(`${name}: what says that more was left out is another message`, options, async () => {
    await using world = await make({});
    const { sender, heard } = await open(world);
    // A forwarder that was killed may have said a part of it in a message that never came.
    for (const [i, filtered] of [2, 5, 0].entries()) {
      sender.send(outgoing(10, { filtered, ticket: i }));
      sender.send(outgoing(20, { filtered, ticket: 10 + i, to: 25, reason: "damaged" }));
      await heard(`1.${i}`, `1.${10 + i}`);
    }
    const told = (await world.stored()).map(({ from, filtered }) => `${from} ${filtered}`);
    assert.deepEqual(told, ["10 2", "20 2", "10 5", "20 5", "10 0", "20 0"]);
    await sender.close();
  });

  test(`${name}: mostBytes() is the most that is taken`, options, async () => {
    await using world = await make({ mostBytes: 2000 });
    const { sender, heard } = await open(world);
    const most = (number: number) => sender.mostBytes(outgoing(number));
    assert.ok(most(1) <= 2000 && most(1) > 1000, `${most(1)}`);
    assert.ok(sender.mostBytes(outgoing(1, { cutFrom: 9999 })) < most(1));
    sender.send(outgoing(1, { bytes: bytes(most(1)) }));
    sender.send(outgoing(123456, { bytes: bytes(most(123456)) }));
    const filtered = 123456;
    const length = sender.mostBytes(outgoing(234567, { filtered }));
    sender.send(outgoing(234567, { filtered, bytes: bytes(length) }));
    await heard("1.1", "1.123456", "1.234567");
    await sender.close();
  });

  test(`${name}: what is refused is taken later`, options, async () => {
    await using world = await make({});
    const { sender, heard } = await open(world);
    sender.send(outgoing(1));
    await heard("1.1");
    await world.setFull(true);
    sender.send(outgoing(2));
    await heard("1.2 later");
    await world.setFull(false);
    sender.send(outgoing(2, { attempt: 2 }));
    await heard("2.2");
    assert.deepEqual((await world.stored()).map(({ from }) => from), [1, 2]);
    await sender.close();
  });

  test(`${name}: a lost connection is reported, and comes back`, options, async () => {
    await using world = await make({});
    const { sender, heard, said } = await open(world);
    sender.send(outgoing(1));
    await heard("1.1");
    world.cut();
    if (world.noticesLoss === false) sender.send(outgoing(2));
    await heard("disconnected");
    assert.equal(sender.isConnected, false);
    world.restore();
    await heard("connected");
    assert.equal(sender.isConnected, true);
    sender.send(outgoing(2, { attempt: 2 }));
    await heard("2.2");
    await sender.close();
    const { length } = said;
    world.cut();
    await sleep(20);
    assert.equal(said.length, length, "nothing is said after close()");
  });

  test(`${name}: a network that stands still is found out, and left`, options, async () => {
    await using world = await make({});
    const { sender, heard } = await open(world);
    sender.send(outgoing(1));
    await heard("1.1");
    world.stall();
    sender.send(outgoing(2, { attempt: 2 }));
    await sleep(20);
    const checking = sender.checkAlive(50, new AbortController().signal);
    await sleep(100);
    world.restore();
    await checking;
    sender.send(outgoing(2, { attempt: 3 }));
    // It may have come through before.
    await heard(/^3\.2/);
    assert.deepEqual((await world.stored()).map(({ from }) => from), [1, 2]);
    await sender.close();
  });

  test(`${name}: whatever happens, all is kept in the end (SEED=${seed})`, options, async () => {
    // Many at once: they mostly wait.
    for (let run = 0; run < runs; run += 500) {
      const count = Math.min(500, runs - run);
      await Promise.all(
        Array.from({ length: count }, (_, i) => chaos(make, new Random(seed + run + i), messages)),
      );
    }
  });
}

/** Entries and gaps, by an outbox, through all that may happen. */
async function chaos(make: MakeWorld, random: Random, messages: number): Promise<void> {
  await using world = await make({ random, mostBytes: 1000 });
  const maxMessages = 1 + random.below(40);
  const { outbox, settled } = outboxOn(undefined, {
    ...{ maxMessages, maxBytes: 500, ackTimeout: 40, tooLarge: "truncate" },
    onSilence: () => sender.checkAlive(40, new AbortController().signal),
  });
  const sender = await world.carrier.open(outbox, secret, source, undefined);
  outbox.begin(sender);
  const total = messages / 10 + random.below(messages);
  for (let i = 1; i <= total;) {
    const filtered = random.below(5) === 0 ? random.below(Math.min(4, total - i + 1)) : 0;
    i += filtered;
    const isGap = random.below(20) === 0;
    const to = isGap ? Math.min(total, i + random.below(5)) : i;
    const size = random.below(50) === 0 ? 1200 : random.below(60);
    if (!outbox.hasRoom(size)) await outbox.room(size);
    assert.ok(outbox.hasRoom(size));
    if (isGap) outbox.addGap(lane, i, to, "overwritten", 1, filtered);
    else outbox.addEntry(lane, i, bytes(size), 1, filtered);
    assert.ok(outbox.pending <= maxMessages);
    i = to + 1;
    if (random.below(30) === 0) await sleep(random.below(3));
  }
  await outbox.settled();
  outbox.close();
  await sender.close();
  // A duplicate where the store knows each message by its id for ever: none.
  const kept = new ReceivedSource(
    (await world.stored()).flatMap(deliveredBy),
  );
  assert.equal(kept.last, total);
  // What was left out is neither lost nor sent.
  const left = (parts: readonly { from: number; to: number; reason?: string | undefined }[]) =>
    parts.filter(({ reason }) => reason === "filtered")
      .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  assert.equal(left(kept.delivered), settled.reduce((sum, { filtered }) => sum + filtered, 0));
  assert.deepEqual(settled.map(({ from, filtered }) => from - filtered), [
    1,
    ...settled.slice(0, -1).map(({ to }) => to + 1),
  ]);
  assert.equal(settled.at(-1)?.to, total);
}
