/** Lines out of pieces. */

import assert from "node:assert/strict";
import test from "node:test";
import { LineSplitter } from "../../src/cli/files/lines.ts";
import { baseSeed, Random } from "../support/random.ts";

function split(
  pieces: (string | Uint8Array)[],
  most = 1000,
  takesReturns = false,
): [string, boolean][] {
  const lines: [string, boolean][] = [];
  const splitter = new LineSplitter(
    most,
    (line, isCut) => lines.push([new TextDecoder().decode(line), isCut]),
    takesReturns,
  );
  for (const piece of pieces) {
    splitter.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  }
  splitter.end();
  return lines;
}

const whole = (...texts: string[]) => texts.map((text) => [text, false]);

test("LineSplitter cuts at each newline, and gives a last line without one", () => {
  assert.deepEqual(split(["a\nbc\n\nd"]), whole("a", "bc", "", "d"));
  assert.deepEqual(split(["a\n"]), whole("a"));
  assert.deepEqual(split(["\n"]), whole(""));
  assert.deepEqual(split([""]), []);
});

test("LineSplitter puts a line together that comes in pieces", () => {
  assert.deepEqual(split(["a", "b", "c\nd", "\n"]), whole("abc", "d"));
});

test("LineSplitter keeps the first bytes of a line that is too long, and says so", () => {
  assert.deepEqual(split(["abcdef\nxy\n"], 4), [["abcd", true], ["xy", false]]);
  assert.deepEqual(split(["abc", "def", "ghi\nxy"], 4), [["abcd", true], ["xy", false]]);
  assert.deepEqual(split(["abcd", "\n"], 4), whole("abcd"));
  assert.deepEqual(split(["abcd", "e\n", "f"], 4), [["abcd", true], ["f", false]]);
  assert.deepEqual(split(["a\n\nb"], 0), [["", true], ["", false], ["", true]]);
});

test(`LineSplitter gives the same lines however the bytes come (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 500; run++) {
    const most = random.below(20);
    const bytes = Uint8Array.from(
      { length: random.below(100) },
      () => random.below(5) === 0 ? 10 : 97 + random.below(26),
    );
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(15);
      pieces.push(bytes.subarray(at, at += size));
    }
    assert.deepEqual(split(pieces, most), split([bytes], most));
  }
});

test("LineSplitter takes a return before a newline for a part of the line end, if it is asked to", () => {
  const text = ["a\r\nb\rc\r\r\n\r\n", "d", "\r", "\n", "e\r"];
  assert.deepEqual(split(text, 1000, true), whole("a", "b\rc\r", "", "d", "e\r"));
  assert.deepEqual(split(text), whole("a\r", "b\rc\r\r", "\r", "d\r", "e\r"));
  // What fits without it is not cut.
  assert.deepEqual(split(["abcd\r\nabcde\r\nab", "cd\r", "\nabcd\r", "x\n"], 4, true), [
    ["abcd", false],
    ["abcd", true],
    ["abcd", false],
    ["abcd", true],
  ]);
});
