/** Lines that are too large for an entry: what is left of them, and what of their parts. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { joinParts, joinPartsAsync } from "../../src/sinks/mod.ts";
import { split } from "../../src/sinks/parts.ts";
import { truncate } from "../../src/sinks/truncate.ts";
import { baseSeed, Random } from "../support/random.ts";

const CHARACTERS = [
  "a",
  "Z",
  " ",
  '"',
  "\\",
  "\n",
  "\u0007",
  "ä",
  "€",
  "😀",
  "\u2028",
  "/",
  "}",
  "[",
];

function textOf(random: Random, length: number): string {
  return Array.from({ length }, () => CHARACTERS[random.below(CHARACTERS.length)]).join("");
}

function valueOf(random: Random, depth: number): unknown {
  switch (random.below(depth > 3 ? 5 : 8)) {
    case 0:
      return random.below(1e6) / 7;
    case 1:
      return null;
    case 2:
      return random.below(2) === 0;
    case 3:
    case 4:
      return textOf(random, random.below(random.below(10) === 0 ? 2000 : 20));
    case 5:
      return Array.from({ length: random.below(random.below(9) === 0 ? 60 : 8) }, () => {
        return valueOf(random, depth + 1);
      });
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(8) }, () => [
          // Where V8 has seen the key `k\`, its JSON.parse takes `k"`, written as k\", for that one.
          `k${textOf(random, random.below(10)).replaceAll("\\", "-")}`,
          valueOf(random, depth + 1),
        ]),
      );
  }
}

function lineOf(random: Random): string {
  const object = { level: 30, time: 1795269960836, ...valueOf(random, 0) as object };
  return JSON.stringify(object, undefined, random.below(4) === 0 ? 1 : undefined);
}

/** Whether there is half a character in it. */
function isWhole(text: string): boolean {
  return new TextDecoder().decode(Buffer.from(text)) === text;
}

test("a text is cut between characters and says how many bytes are missing", () => {
  for (const character of ["a", "ä", "€", "😀"]) {
    const text = character.repeat(1000);
    for (let max = 128; max < 140; max++) {
      const cut = truncate(text, max);
      assert.ok(Buffer.byteLength(cut) <= max, `${Buffer.byteLength(cut)} of ${max}`);
      const [, kept, dropped] = /^(.*)… \[(\d+) bytes truncated\]$/.exec(cut) ?? [];
      assert.ok(isWhole(kept));
      assert.equal(Buffer.byteLength(kept) + Number(dropped), Buffer.byteLength(text));
      assert.ok(text.startsWith(kept) && kept.length > 0);
    }
  }
});

test("a truncated JSON line keeps its small members and cuts the large ones", () => {
  const line = JSON.stringify({
    level: 30,
    time: 1795269960836,
    body: "x".repeat(5000),
    headers: { host: "a", cookie: "y".repeat(3000), list: [1, 2, 3] },
    id: 12,
    msg: "done",
  });
  const cut = JSON.parse(truncate(line, 1000));
  const { level, time, id, msg } = cut;
  assert.deepEqual({ level, time, id, msg }, {
    level: 30,
    time: 1795269960836,
    id: 12,
    msg: "done",
  });
  assert.match(cut.body, /^x{300,}…$/);
  assert.match(cut.headers.cookie, /^y{300,}…$/);
  assert.deepEqual([cut.headers.host, cut.headers.list], ["a", [1, 2, 3]]);
  assert.ok(cut.truncatedBytes > 7000 && cut.truncatedBytes < 8100);
});

test("of an array that is too long the first elements stay", () => {
  const list = Array.from({ length: 1000 }, (_, i) => i);
  const cut = JSON.parse(truncate(JSON.stringify({ level: 30, list }), 500));
  assert.equal(cut.level, 30);
  assert.ok(cut.list.length > 20);
  assert.deepEqual(cut.list, list.slice(0, cut.list.length));
});

test("of an object or array of far too many members the first ones stay, whatever they are", () => {
  const values: [unknown[], number][] = [
    [Array.from({ length: 100_000 }, (_, i) => i), 500],
    [Array.from({ length: 20_000 }, (_, i) => `\\"${i}\\`), 500],
    [Array.from({ length: 20_000 }, (_, i) => ({ i, a: [i, "]"] })), 500],
    [Array.from({ length: 20_000 }, () => []), 5000],
  ];
  for (const [list, max] of values) {
    const cut = JSON.parse(truncate(JSON.stringify({ level: 30, list, msg: "last" }), max));
    assert.deepEqual([cut.level, cut.msg], [30, "last"]);
    assert.ok(cut.list.length > 5 && cut.list.length < list.length);
    assert.deepEqual(cut.list, list.slice(0, cut.list.length));
    const object = Object.fromEntries(list.map((value, i) => [`k${i}`, value]));
    const { truncatedBytes, ...kept } = JSON.parse(truncate(JSON.stringify(object), max));
    assert.ok(truncatedBytes > 0);
    const entries = Object.entries(kept);
    assert.ok(entries.length > 5);
    assert.deepEqual(entries, Object.entries(object).slice(0, entries.length));
  }
});

test("numbers that JavaScript does not have stay as they were written", () => {
  const line = `{"id":12345678901234567890,"e":1e999,"text":"${"x".repeat(1000)}"}`;
  assert.match(truncate(line, 300), /^\{"id":12345678901234567890,"e":1e999,"text":"x+…",/);
});

test("what only looks like JSON, or is nested too deeply, is cut as text", () => {
  const deep = `{"a":${"[".repeat(1e6)}`;
  for (const text of [`{"a":"${"x".repeat(500)}`, `{${" ".repeat(500)}`, deep]) {
    assert.match(truncate(text, 200), /bytes truncated\]$/);
  }
  const nested = `{"id":1,"a":${"[".repeat(900)}"${"x".repeat(500)}"${"]".repeat(900)}}`;
  assert.deepEqual(Object.keys(JSON.parse(truncate(nested, 200))), ["id", "a", "truncatedBytes"]);
  const long = `{"id":1,"a":${"[".repeat(900)}"${"x".repeat(5000)}"${"]".repeat(900)}}`;
  assert.match(truncate(long, 4000), /^\{"id":1,"a":\[{10,20}\]{10,20},/);
  // Some engines parse this, some don't.
  const deeper = `{"id":1,"a":${"[".repeat(100_000)}"x"${"]".repeat(100_000)}}`;
  assert.match(truncate(deeper, 200), /^\{"id":1,.*truncated/);
});

test(`random JSON lines stay JSON, within the limit, in their order (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  let cutLines = 0;
  for (let run = 0; run < 600; run++) {
    const line = lineOf(random);
    const max = 128 + random.below(1000);
    if (Buffer.byteLength(line) <= max) continue;
    cutLines++;
    const cut = truncate(line, max);
    assert.ok(Buffer.byteLength(cut) <= max, `${Buffer.byteLength(cut)} of ${max}: ${line}`);
    assert.ok(isWhole(cut));
    const whole = JSON.parse(line);
    const { truncatedBytes, ...rest } = JSON.parse(cut);
    assert.ok(truncatedBytes > 0);
    const keys = Object.keys(whole);
    const kept = Object.keys(rest);
    assert.deepEqual(kept, keys.filter((key) => kept.includes(key)));
    for (const key of kept) assert.equal(typeof rest[key], typeof whole[key]);
  }
  assert.ok(cutLines > 100, `${cutLines} lines were cut`);
});

test(`random lines are split and put together again (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  let entries: { sequenceNumber: number; text: string }[] = [];
  const lines: string[] = [];
  const add = (text: string) => entries.push({ sequenceNumber: entries.length + 1, text });
  for (let run = 0; run < 300; run++) {
    const line = random.below(2) === 0 ? lineOf(random) : textOf(random, random.below(3000));
    const max = 128 + random.below(1000);
    lines.push(line);
    if (Buffer.byteLength(line) <= max) add(line);
    else {
      const parts = split(line, max);
      for (const part of parts) {
        assert.ok(Buffer.byteLength(part) <= max);
        if (line.startsWith("{")) assert.equal(JSON.parse(part).parts, parts.length);
        add(part);
      }
    }
  }
  assert.ok(entries.length > lines.length);
  const joined = [...joinParts(entries)];
  assert.deepEqual(joined.map(({ text }) => text), lines);
  assert.ok(joined.every(({ isComplete }) => isComplete));
  // From the middle, as a reader begins that comes late: one line at most is not complete.
  const start = random.below(entries.length);
  entries = entries.slice(start);
  const late = [...joinParts(entries)];
  assert.deepEqual(late.slice(1).map(({ text }) => text), lines.slice(1 - late.length || Infinity));
  assert.ok(late.slice(1).every(({ isComplete }) => isComplete));
});

test("parts that are missing are not made up", () => {
  const [one, two, three] = split("x".repeat(300), 200).map((text, i) => ({
    sequenceNumber: i + 5,
    text,
  }));
  assert.ok(three !== undefined);
  const other = { sequenceNumber: 9, text: "other" };
  const look = (...entries: { sequenceNumber: number; text: string }[]) =>
    [...joinParts(entries)].map(({ text, isComplete }) => [text.length, isComplete]);
  assert.deepEqual(look(one, two, three), [[300, true]]);
  assert.deepEqual(look(two, three, other), [[172, false], [5, true]]);
  assert.deepEqual(look(one, two), [[256, false]]);
  assert.deepEqual(look(one, three), [[128, false], [44, false]]);
  assert.deepEqual(look(one, { ...two, sequenceNumber: 17 }), [[128, false], [128, false]]);
  assert.deepEqual(look(one, two, { ...three, text: `${three.text}x` }), [[301, false]]);
});

test("a text that only looks like a part is an entry of its own", () => {
  const texts = ["[part 0/3 of 1 bytes] x", "[part 4/3 of 1 bytes] x", '{"part":1}', '{"part":'];
  const entries = texts.map((text, i) => ({ sequenceNumber: i + 1, text }));
  assert.deepEqual([...joinParts(entries)].map(({ text }) => text), texts);
});

test("joinPartsAsync() does the same to entries to come", async () => {
  const parts = split("y".repeat(1000), 200);
  async function* later() {
    for (const [i, text] of parts.entries()) {
      await Promise.resolve();
      yield { sequenceNumber: i + 1, text };
    }
  }
  const lines: string[] = [];
  for await (const { text } of joinPartsAsync(later())) lines.push(text);
  assert.deepEqual(lines, ["y".repeat(1000)]);
});
