/** What a program prints, as entries of container runtimes, and whole again. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { AskedLines, WholeLines } from "../../src/records/whole_lines.ts";
import { Entry } from "../../src/log/entry.ts";
import { entryParts } from "../../src/log/native/entry_lines.ts";
import { parseCri } from "../../src/records/cri.ts";
import { CriLines, type CriLinesOptions } from "../../src/recorder/cri_lines.ts";
import { baseSeed, Random } from "../support/random.ts";

const HEAD = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) /;

/** The entries of pieces of bytes: what is after the time. */
function entriesOf(
  pieces: readonly (string | Uint8Array)[],
  options: CriLinesOptions = {},
  maxEntrySize = 1 << 20,
): string[] {
  const entries: string[] = [];
  const write = (entry: Uint8Array) => {
    assert.ok(entry.length <= maxEntrySize);
    const text = Buffer.from(entry).toString("latin1");
    assert.match(text, HEAD);
    entries.push(text.slice(31));
  };
  const lines = new CriLines({ maxEntrySize, write }, "stderr", options);
  for (const piece of pieces) lines.push(Buffer.from(piece as string));
  lines.end();
  return entries;
}

test("CriLines makes an entry of each line, with time and stream", () => {
  assert.deepEqual(entriesOf(["one\n\ntw", "o\r\nthree"]), [
    "stderr F one",
    "stderr F ",
    "stderr F two",
    "stderr F three",
  ]);
  assert.deepEqual(entriesOf([]), []);
  assert.deepEqual(entriesOf(["x\n"]), ["stderr F x"]);
});

test("CriLines has the time of now, in all digits", () => {
  let text = "";
  const write = (entry: Uint8Array) => text = Buffer.from(entry).toString();
  const lines = new CriLines({ maxEntrySize: 1000, write }, "stdout");
  const before = Date.now();
  lines.push(Buffer.from("now\n"));
  const { time = 0, stream, isPart, start = 0 } = parseCri(text) ?? {};
  assert.ok(time >= before - 6 && time <= Date.now() + 6, `${before} ${text}`);
  assert.deepEqual([stream, isPart, text.slice(start)], ["stdout", false, "now"]);
});

test("CriLines takes any bytes, in pieces of any size, and each is in an entry once", () => {
  console.log(`seed ${baseSeed}`);
  const generator = new Random(baseSeed);
  const random = () => generator.below(1e6) / 1e6;
  const input = Buffer.alloc(200_000);
  for (let i = 0; i < input.length; i++) {
    input[i] = random() < 0.01 ? 10 : random() < 0.0001 ? 13 : Math.floor(random() * 256);
  }
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length;) {
    const size = 1 + Math.floor(random() ** 4 * 5000);
    pieces.push(input.subarray(at, at + size));
    at += size;
  }
  let text = "";
  for (const entry of entriesOf(pieces, { maxPart: 100 })) {
    text += entry.slice(9) + (entry[7] === "F" ? "\n" : "");
  }
  const expected = input.toString("latin1").replace(/\r\n/g, "\n");
  assert.ok(text === expected || text === `${expected}\n`);
});

test("CriLines makes parts of long lines, not within a character, as large as an entry may be", () => {
  assert.deepEqual(entriesOf(["0123456789", "0123\nx"], { maxPart: 6 }), [
    "stderr P 012345",
    "stderr P 678901",
    "stderr F 23",
    "stderr F x",
  ]);
  const parts = entriesOf(["ä€ä€ä€\n"], { maxPart: 6 }).map((part) =>
    Buffer.from(part, "latin1").toString()
  );
  assert.deepEqual(parts, ["stderr P ä€", "stderr P ä€", "stderr F ä€"]);
  assert.deepEqual(entriesOf(["0123456789\n"], {}, 45), ["stderr P 01234", "stderr F 56789"]);
});

test("CriLines records nothing of what is masked, wherever a part ends", () => {
  const mask = (text: string) => text.replace(/secret=\w+/g, "***");
  assert.deepEqual(
    entriesOf(["a secret=12", "34 b\nplain\nno \xff\n"], { mask, maxPart: 12 }),
    ["stderr F a *** b", "stderr F plain", "stderr F no \xc3\xbf"],
  );
  const long = `${"x".repeat(65_530)}secret=123456789 end\n`;
  assert.ok(
    !entriesOf([long.slice(0, 65_540), long.slice(65_540)], { mask }).join("").match(/1234/),
  );
  // A line that is too long to be masked as a whole ends there, and says so.
  const huge = entriesOf(["y".repeat(1 << 20), `${"z".repeat(100)}secret=1`, "\nnext\n"], { mask });
  assert.match(
    Buffer.from(huge.at(-2)!, "latin1").toString(),
    /^stderr F … 4204 bytes more are not recorded/,
  );
  assert.equal(huge.at(-1), "stderr F next");
  assert.ok(!huge.join("").includes("z"));
  // Something secret that ends behind what is looked at is not known as such.
  const quoted = (text: string) => text.replace(/"password":"[^"]*"/g, "***");
  for (const before of ["", '"password":"old","a":"']) {
    const line = `${before}${
      "y".repeat((1 << 20) - before.length - 20)
    }"password":"correct horse"\n`;
    assert.ok(!entriesOf([line], { mask: quoted }).join("").includes("correct"));
  }
});

test("WholeLines puts the parts of each stream together, and shows what has no end", () => {
  let number = 0;
  const lines = new WholeLines(entryParts());
  const take = (text: string) => {
    const bytes = Buffer.from(text);
    return lines.take(new Entry(bytes, 0, bytes.length, ++number, 0, 0));
  };
  const time = "2026-11-29T20:00:00.123456789Z";
  const whole = (text: string) => {
    const found = take(text);
    return found && [found.sequenceNumber, found.text];
  };
  assert.deepEqual(whole("plain"), [1, "plain"]);
  assert.equal(take(`${time} stdout P one `), undefined);
  assert.equal(take(`${time} stderr P 1`), undefined);
  assert.deepEqual(whole(`${time} stderr F 2`), [4, `${time} stderr F 12`]);
  assert.equal(take(`${time} stdout P two PP `), undefined);
  assert.deepEqual(whole(`${time} stdout F three`), [6, `${time} stdout F one two PP three`]);
  assert.deepEqual(whole(`${time} stdout F alone`), [7, `${time} stdout F alone`]);
  assert.equal(take(`2026-11-29T20:00:00.1+02:00 stdout P:tag rest`), undefined);
  assert.deepEqual(lines.rest().map(({ text }) => text), [
    "2026-11-29T20:00:00.1+02:00 stdout P:tag rest",
  ]);
  assert.deepEqual(lines.rest(), []);
});

/** Entries that are asked for a word; gives what came out by now, as numbers, those that match with `!`. With `isMixed`, of two logs in turn. */
function asking(word: string, { most = 1 << 20, isMixed = false } = {}) {
  let number = 0;
  const asked: string[] = [];
  const sourceOf = ({ sequenceNumber }: Entry) => isMixed ? `${sequenceNumber % 2}` : undefined;
  const parts = { ...entryParts(sourceOf), most };
  const lines = new AskedLines(parts, ({ text }) => {
    asked.push(text.slice(23));
    return text.includes(word);
  });
  const given = () => {
    const all: string[] = [];
    for (let one = lines.next(); one !== undefined; one = lines.next()) {
      all.push(`${one.item.sequenceNumber}${one.answer ? "!" : ""}`);
    }
    return all.join(" ");
  };
  return {
    lines,
    asked,
    given,
    take(text: string) {
      const bytes = Buffer.from(`2026-11-29T20:00:00.12Z ${text}`);
      lines.take(new Entry(bytes, 0, bytes.length, ++number, 0, 0));
      return given();
    },
  };
}

test("AskedLines gives entries in their order, and all parts of a line with one answer", () => {
  const { take, asked, lines, given } = asking("yes");
  assert.equal(take("stdout F yes"), "1!");
  assert.equal(take("stdout P ye"), "");
  assert.equal(take("stderr P n"), "");
  assert.equal(take("stderr F yes"), "");
  assert.equal(take("stderr F no"), "");
  assert.equal(lines.length, 4);
  assert.equal(lines.oldest?.sequenceNumber, 2);
  assert.equal(take("stdout F s"), "2! 3! 4! 5 6!");
  assert.deepEqual(asked, [
    " stdout F yes",
    " stderr F nyes",
    " stderr F no",
    " stdout F yes",
  ]);
  // The beginning of this one was overwritten.
  assert.equal(take("stdout F es"), "7");
  // This one has no end.
  assert.equal(take("stderr P yes"), "");
  lines.giveUp();
  assert.equal(given(), "8!");
  assert.equal(take("stderr F rest"), "9");
});

test("AskedLines keeps the lines of several logs in one apart", () => {
  const { take } = asking("yes", { isMixed: true });
  assert.equal(take("stdout P ye"), "");
  assert.equal(take("stdout P n"), "");
  assert.equal(take("stdout F s"), "1!");
  assert.equal(take("stdout F yes"), "2! 3! 4!");
  assert.equal(take("stdout P ye"), "");
  assert.equal(take("stdout P s"), "");
  assert.equal(take("stdout F no"), "5");
  assert.equal(take("stdout F no"), "6 7 8");
});

test("AskedLines holds no more than it may: then a line is asked as far as it is there", () => {
  const { take, lines } = asking("yes", { most: 1000 });
  assert.equal(take("stdout P yes"), "");
  let given = "";
  for (let i = 0; given === ""; i++) {
    assert.ok(i < 20);
    given = take("stderr F other");
  }
  assert.match(given, /^1! 2 3 /);
  assert.equal(lines.length, 0);
  assert.equal(take("stdout F yes"), `${given.split(" ").length + 1}!`);
});

test("CriLines takes no log whose entries have no room for a head and a character", () => {
  const write = () => {};
  for (const maxEntrySize of [12, 40, 43]) {
    assert.throws(() => new CriLines({ maxEntrySize, write }, "stdout"), {
      name: "RangeError",
      message:
        `the entries of the log have at most ${maxEntrySize} bytes, and a line with its time ` +
        "needs 44 or more: choose another log",
    });
  }
  assert.deepEqual(entriesOf(["a😀b\n"], {}, 44).map((entry) => entry.length), [10, 13, 10]);
});
