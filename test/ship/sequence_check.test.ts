/** The order of many logs: everything once, in order, whatever order it comes in. */

import assert from "node:assert/strict";
import test from "node:test";
import { SequenceCheck, TrackedSource } from "../../src/ship/sequence_check.ts";
import { baseSeed, Random } from "../support/random.ts";

/** A number, "3", or a gap record, "4-6"; before it some may have been left out, "2+4-6". */
interface Message {
  from: number;
  to: number;
  isGap: boolean;
  filtered?: number;
}

function messageOf(word: string): Message {
  const [, filtered = "0", rest] = /^(?:(\d+)\+)?(.*)$/.exec(word)!;
  const [from, to = from] = rest.split("-").map(Number);
  return { from, to, isGap: word.includes("-"), filtered: Number(filtered) };
}

/** A check of some logs, and what it gives of each in words: `1 2 [3-5 overwritten] 6`. */
function begin({ messages = 1000, bytes = 1e6, logs = 1 } = {}) {
  const given = { words: Array.from({ length: logs }, () => [] as string[]) };
  const settled: Message[] = [];
  const check = new SequenceCheck<Message>({
    entry({ log }, sequenceNumber, message) {
      assert.deepEqual([message.from, message.isGap], [sequenceNumber, false]);
      next(Number(log.host), sequenceNumber, sequenceNumber);
      given.words[Number(log.host)].push(`${sequenceNumber}`);
      settled.push(message);
    },
    gap({ log }, from, to, reason) {
      next(Number(log.host), from, to);
      given.words[Number(log.host)].push(`[${from}-${to} ${reason}]`);
    },
    settled: (message) => void settled.push(message),
  }, { messages, bytes });
  const lasts: number[] = Array(logs).fill(0);
  const next = (log: number, from: number, to: number) => {
    assert.ok(from === lasts[log] + 1 && to >= from, `${given.words[log]}, then ${from}-${to}`);
    lasts[log] = to;
  };
  const tracked = lasts.map((_, i) =>
    new TrackedSource<Message>({ host: `${i}`, name: "/x", segment: "1-2-3" })
  );
  const take = (message: Message, log = 0, size = 10) => {
    const { from, to, isGap, filtered } = message;
    if (isGap) check.gap(tracked[log], from, to, "overwritten", message, 0, filtered);
    else check.entry(tracked[log], from, message, size, 0, filtered);
  };
  return {
    ...{ check, tracked, take, settled, lasts },
    takes: (text: string) => text.split(" ").forEach((word) => take(messageOf(word))),
    get words() {
      return given.words[0].join(" ");
    },
  };
}

const cases: [what: string, taken: string, given: string, duplicates: number, held: number][] = [
  ["in order, once", "1 2 2 1 3 3 4", "1 2 3 4", 3, 0],
  ["what comes too early waits", "2 4 3", "", 0, 3],
  ["until what is missing has come", "2 4 3 1", "1 2 3 4", 0, 0],
  [
    "a gap record, clipped to what is new",
    "1 2 1-4 5 3-6 7 7-7",
    "1 2 [3-4 overwritten] 5 [6-6 overwritten] 7",
    ...[1, 0] as const,
  ],
  [
    "an entry that was there before a gap record",
    "1 5 3-7 6 2",
    "1 2 [3-4 overwritten] 5 6 [7-7 overwritten]",
    ...[0, 0] as const,
  ],
  ["an entry that comes after one", "3-5 4 3 5 1-2", "[1-2 overwritten] 3 4 5", 1, 0],
  ["twice while it waits", "2 2 2 1", "1 2", 2, 0],
  ["what was left out before an entry", "1 3+5 6", "1 [2-4 filtered] 5 6", 0, 0],
  ["and before a gap record", "1 1+3-4 5", "1 [2-2 filtered] [3-4 overwritten] 5", 0, 0],
  ["it waits with its message", "3+5 1-1", "[1-1 overwritten] [2-4 filtered] 5", 0, 0],
  ["and is held with it", "3+5", "", 0, 1],
  ["said again, with more", "1 1+5 3+5 6", "1 [2-4 filtered] 5 6", 1, 0],
  ["of another filter", "1 4 2+7 6", "1", 0, 3],
  ["and what comes at last", "1 4 2+7 2 3", "1 2 3 4 [5-6 filtered] 7", 0, 0],
  ["gap records that overlap", "3-6 5-8 4-4 1-2", "[1-2 o] [3-6 o] [7-8 o]", 1, 0],
];

test("what comes is given in order, each number once", () => {
  for (const [what, taken, expected, duplicates, held] of cases) {
    const all = begin();
    all.takes(taken);
    assert.equal(all.words, expected.replaceAll(" o]", " overwritten]"), what);
    assert.deepEqual([all.check.duplicates, all.check.held], [duplicates, held], what);
    assert.equal(all.settled.length, taken.split(" ").length - held, what);
    assert.equal(all.check.waiting.length, Number(held > 0));
  }
});

test("a hole that is given up is a gap, and what comes for it later a duplicate", () => {
  const all = begin();
  all.takes("1 4 7");
  const [tracked] = all.tracked;
  assert.deepEqual(tracked.hole, { from: 2, to: 3, since: 0 });
  all.check.giveUp(tracked, "unexplained");
  assert.equal(all.words, "1 [2-3 unexplained] 4");
  all.takes("3 2 5 6");
  assert.equal(all.words, "1 [2-3 unexplained] 4 5 6 7");
  assert.deepEqual([all.check.duplicates, tracked.hole], [2, undefined]);
});

test("no more is held back than may be, by number and by bytes", () => {
  const few = begin({ messages: 3 });
  few.takes("2 4 6");
  assert.equal(few.words, "");
  few.takes("8");
  assert.equal(few.words, "[1-1 unexplained] 2");
  const small = begin({ bytes: 25 });
  small.takes("2 4 6 9-9 11-11 13-13");
  assert.equal(small.words, "[1-1 unexplained] 2");
  assert.equal(small.check.held, 5);
});

test(`random: entries and gaps are all numbers, once, in order (SEED=${baseSeed})`, () => {
  for (let round = 0; round < 300; round++) {
    const random = new Random(baseSeed + round);
    const logs = 1 + random.below(5);
    const isLimited = random.below(3) === 0;
    const messages = isLimited ? 1 + random.below(8) : 1e6;
    const all = begin({ logs, messages, bytes: isLimited ? 1 + random.below(200) : 1e9 });
    const sent: { message: Message; log: number; key: number }[] = [];
    const ends = all.lasts.map(() => 1 + random.below(60));
    // In an order that is wrong by a little, or by a lot.
    const distance = [1, 4, 1000][random.below(3)];
    const put = (message: Message, log: number) =>
      void sent.push({ message, log, key: sent.length + random.below(distance) });
    for (const [log, end] of ends.entries()) {
      for (let next = 1; next <= end; next++) {
        const kind = random.below(10);
        // Some are missing, and records may overlap what is there, and each other.
        if (kind < 7) put({ from: next, to: next, isGap: false }, log);
        else if (kind < 9) {
          const from = Math.max(1, next - random.below(4));
          put({ from, to: next += random.below(6), isGap: true }, log);
        } else if (random.below(2) === 0) {
          const filtered = Math.min(next - 1, random.below(5));
          put({ from: next, to: next, isGap: false, filtered }, log);
        }
        if (random.below(20) === 0 && sent.length > 0) {
          const { message, log } = sent[random.below(sent.length)];
          put({ ...message }, log);
        }
      }
    }
    for (const { message, log } of sent.sort((a, b) => a.key - b.key)) {
      all.take(message, log, random.below(50));
      assert.ok(all.check.held <= messages);
    }
    for (const one of all.tracked) while (one.hole) all.check.giveUp(one, "unexplained");
    assert.deepEqual([all.check.held, all.check.waiting], [0, []]);
    const lastOf = (log: number) =>
      Math.max(0, ...sent.filter((one) => one.log === log).map(({ message }) => message.to));
    assert.deepEqual(all.lasts, all.lasts.map((_, log) => lastOf(log)));
    // Every message is settled, once.
    assert.equal(all.settled.length, sent.length);
    assert.equal(new Set(all.settled).size, sent.length);
    // Without limits and gap records nothing is given too early: each that came is an entry.
    if (isLimited || sent.some(({ message: { isGap, filtered } }) => isGap || filtered)) continue;
    const numbers = new Set(sent.map(({ message, log }) => `${log} ${message.from}`));
    assert.equal(sent.length - all.check.duplicates, numbers.size);
  }
});
