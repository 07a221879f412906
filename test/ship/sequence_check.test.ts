/** The order of many sources: everything once, in order, whatever order it comes in. */

import assert from "node:assert/strict";
import test from "node:test";
import { SequenceCheck, TrackedSource } from "../../src/ship/sequence_check.ts";
import { baseSeed, Random } from "../support/random.ts";

interface Message {
  id: number;
  source: number;
  from: number;
  to: number;
  isGap: boolean;
}

/** What a check gives, of each source in one line: `1 2 [3-5 lost] 6`. */
class Given {
  readonly lines: string[][] = [];
  readonly last: number[] = [];
  readonly entries: Message[] = [];
  readonly settled: Message[] = [];
  missing = 0;

  entry(source: number, sequenceNumber: number, message: Message): void {
    this.#next(source, sequenceNumber, sequenceNumber);
    assert.equal(message.isGap, false);
    assert.deepEqual([message.source, message.from], [source, sequenceNumber]);
    this.#line(source).push(`${sequenceNumber}`);
    this.entries.push(message);
  }

  gap(source: number, from: number, to: number, reason: string): void {
    this.#next(source, from, to);
    this.#line(source).push(`[${from}-${to} ${reason}]`);
    this.missing += to - from + 1;
  }

  settle(message: Message): void {
    this.settled.push(message);
  }

  of(source: number): string {
    return this.#line(source).join(" ");
  }

  #line(source: number): string[] {
    return this.lines[source] ??= [];
  }

  #next(source: number, from: number, to: number): void {
    assert.equal(from, (this.last[source] ?? 0) + 1, `${this.of(source)}, then ${from}-${to}`);
    assert.ok(to >= from);
    this.last[source] = to;
  }
}

type Check = SequenceCheck<number, Message, string>;

function begin(limits = { messages: 1000, bytes: 1e6 }): {
  given: Given;
  check: Check;
  take: (text: string) => void;
  tracked: TrackedSource<number, Message, string>;
} {
  const given = new Given();
  const check: Check = new SequenceCheck(
    {
      entry: (...all) => given.entry(...all),
      gap: (...all) => given.gap(...all),
      settled: (message) => given.settle(message),
    },
    limits,
    "overflow",
  );
  const tracked = new TrackedSource<number, Message, string>(0);
  let id = 0;
  // "3" is an entry, "4-6" a gap record.
  const take = (text: string) => {
    for (const word of text.split(" ")) {
      const [from, to = from] = word.split("-").map(Number);
      const isGap = word.includes("-");
      const message = { id: id++, source: 0, from, to, isGap };
      if (isGap) check.gap(tracked, from, to, "lost", message, 0);
      else check.entry(tracked, from, message, 10, 0);
    }
  };
  return { given, check, take, tracked };
}

test("what comes in order is given at once, and once", () => {
  const { given, check, take } = begin();
  take("1 2 2 1 3 3 4");
  assert.equal(given.of(0), "1 2 3 4");
  assert.equal(check.duplicates, 3);
  assert.equal(given.settled.length, 3);
  assert.equal(check.held, 0);
});

test("what comes too early waits for what is missing", () => {
  const { given, check, take } = begin();
  take("2 4 3");
  assert.equal(given.of(0), "");
  assert.equal(check.held, 3);
  take("1");
  assert.equal(given.of(0), "1 2 3 4");
  assert.deepEqual([check.held, check.waiting.size], [0, 0]);
});

test("a gap record fills a hole, clipped to what is new", () => {
  const { given, check, take } = begin();
  take("1 2 1-4 5 3-6 7 7-7");
  assert.equal(given.of(0), "1 2 [3-4 lost] 5 [6-6 lost] 7");
  assert.equal(check.duplicates, 1);
  assert.deepEqual(given.settled.map(({ from, to }) => `${from}-${to}`), ["1-4", "3-6", "7-7"]);
});

test("an entry that is here stays one, whatever gap records say before or after it", () => {
  const { given, take } = begin();
  take("1 5 3-7");
  assert.equal(given.of(0), "1");
  take("6 2");
  assert.equal(given.of(0), "1 2 [3-4 lost] 5 6 [7-7 lost]");
  assert.equal(given.settled.length, 1);
  const other = begin();
  other.take("3-5 4 3 5");
  assert.equal(other.given.settled.length, 1, "nothing is left of the gap record");
  other.take("1-2");
  assert.equal(other.given.of(0), "[1-2 lost] 3 4 5");
});

test("a message that waits is settled with the first one of its number, not before", () => {
  const { given, check, take } = begin();
  take("2 2 2");
  assert.equal(given.settled.length, 0);
  take("1");
  assert.equal(given.settled.length, 2);
  assert.equal(check.duplicates, 2);
});

test("a hole that is given up is a gap, and what comes for it later a duplicate", () => {
  const { given, check, take, tracked } = begin();
  take("1 4 7");
  assert.deepEqual(tracked.hole, { from: 2, to: 3, since: 0 });
  check.giveUp(tracked, "unexplained");
  assert.equal(given.of(0), "1 [2-3 unexplained] 4");
  take("3 2 5 6");
  assert.equal(given.of(0), "1 [2-3 unexplained] 4 5 6 7");
  assert.equal(check.duplicates, 2);
  check.giveUp(tracked, "unexplained");
  assert.equal(given.missing, 2);
});

test("no more is held back than may be, by number and by bytes", () => {
  const few = begin({ messages: 3, bytes: 1e6 });
  few.take("2 4 6");
  assert.equal(few.given.of(0), "");
  few.take("8");
  assert.equal(few.given.of(0), "[1-1 overflow] 2");
  const small = begin({ messages: 100, bytes: 25 });
  small.take("2 4 6");
  assert.equal(small.given.of(0), "[1-1 overflow] 2");
  small.take("9-9 11-11 13-13");
  assert.equal(small.check.held, 5);
});

test("random: union of entries and gaps is everything, once, in order, of every source", () => {
  console.log(`seed ${baseSeed}`);
  for (let round = 0; round < 300; round++) {
    const random = new Random(baseSeed + round);
    const sources = 1 + random.below(5);
    const messages: Message[] = [];
    const ends: number[] = [];
    let id = 0;
    for (let source = 0; source < sources; source++) {
      const end = ends[source] = 1 + random.below(60);
      for (let next = 1; next <= end;) {
        const kind = random.below(10);
        const to = Math.min(end, next + random.below(6));
        if (kind < 7) messages.push({ id: id++, source, from: next, to: next, isGap: false });
        // Records may overlap what is there, and each other.
        else if (kind < 9) {
          const from = Math.max(1, next - random.below(4));
          messages.push({ id: id++, source, from, to, isGap: true });
        }
        next = kind < 7 ? next + 1 : kind < 9 ? to + 1 : next + 1;
      }
    }
    // Copies, and an order that is wrong by a little, or by a lot.
    for (let i = random.below(10); i > 0 && messages.length > 0; i--) {
      messages.push({ ...messages[random.below(messages.length)], id: id++ });
    }
    const distance = [1, 4, 1000][random.below(3)];
    const keys = messages.map((_, i) => i + random.below(distance));
    const order = messages.map((_, i) => i).sort((a, b) => keys[a] - keys[b]);

    const given = new Given();
    const limits = random.below(3) === 0
      ? { messages: 1 + random.below(8), bytes: 1 + random.below(200) }
      : { messages: 1e6, bytes: 1e9 };
    const check: Check = new SequenceCheck(
      {
        entry: (...all) => given.entry(...all),
        gap: (...all) => given.gap(...all),
        settled: (message) => given.settle(message),
      },
      limits,
      "overflow",
    );
    const tracked = ends.map((_, source) => new TrackedSource<number, Message, string>(source));
    for (const index of order) {
      const message = messages[index];
      const one = tracked[message.source];
      if (message.isGap) check.gap(one, message.from, message.to, "lost", message, 0);
      else check.entry(one, message.from, message, random.below(50), 0);
      assert.ok(check.held <= limits.messages);
    }
    // Without limits nothing is given too early, so each number that came is an entry.
    const numbers = new Set(
      messages.filter(({ isGap }) => !isGap).map((one) => `${one.source} ${one.from}`),
    );
    for (const one of tracked) while (one.hole !== undefined) check.giveUp(one, "unexplained");
    assert.equal(check.held, 0);
    assert.equal(check.waiting.size, 0);
    const given1 = new Set(given.entries.map((one) => `${one.source} ${one.from}`));
    assert.equal(given1.size, given.entries.length);
    if (limits.messages === 1e6 && !messages.some(({ isGap }) => isGap)) {
      assert.deepEqual(given1, numbers, `seed ${baseSeed} round ${round}`);
    }
    // Every message ends as an entry or is settled, once.
    const ids = [...given.entries, ...given.settled].map((one) => one.id).sort((a, b) => a - b);
    assert.deepEqual(ids, messages.map((one) => one.id).sort((a, b) => a - b));
    // Whatever was last of a source was given.
    tracked.forEach((one, source) => {
      const last = Math.max(
        0,
        ...messages.filter((message) => message.source === source).map(({ to }) => to),
      );
      assert.equal(one.last, last);
      assert.equal(given.last[source] ?? 0, last);
    });
  }
});
