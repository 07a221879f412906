/** Plain entries go from bytes to bytes: what is printed is the same as of every other way. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import pc from "picocolors";
import { EntryBatch, Reader, Writer } from "../../mod.ts";
import { batchPrinter } from "../../src/cli/output/batch_lines.ts";
import { entryPrinter } from "../../src/cli/output/format.ts";
import { LineBytes } from "../../src/cli/output/line_bytes.ts";
import { isVitals } from "../../src/records/vitals.ts";
import { baseSeed, Random } from "../support/random.ts";

const NAMES = [
  ...["level", "time", "msg", "pid", "hostname", "a", "req.id", "status", "path", "x y", "a=b"],
  ...["name", "stack", "severity", "ts", "message", "log", "0", "__proto__", "é", 'q"', "a\\b", ""],
];
const VALUES = [
  ...["ok", "", "a b", "a=b", "[x]", 'say "x"', "a\\b", "tab\there", "é", "\x7f", "end ", "/p?a=1"],
  ...[0, -0, 7, -7, 1.5, 0.1, 1e-6, 1e-7, 123456.789, 1e21, 2 ** 53, 123456789012345, 0.000001],
  ...[true, false, null, {}, [1], { a: { b: 1 } }, { stack: "Error: x\n at y", message: "x" }],
];
const LEVELS = [10, 20, 30, 40, 50, 60, 35, 3, 99, "info", "ERROR", "http", null, "nope", 30.5];
const TIMES = [
  1790000000123,
  1790000000124,
  1790000001000,
  1.79e9,
  1790000000.12,
  179000000012.5,
  -1e12,
  "x",
];
/** Numbers as nothing of ours writes them. */
const ODD = ["1.50", "01", "-0", "1e3", "1E400", "0.1e-7", "12345678901234567890", "1.", "+1"];

const COUNT = 4000;

/** A line of JSON: mostly such as loggers write. */
function line(random: Random): Uint8Array {
  const of = <T>(values: readonly T[]) => values[random.below(values.length)];
  const object: Record<string, unknown> = {};
  if (random.below(10) > 0) {
    object.level = random.below(3) > 0 ? of(LEVELS.slice(0, 6)) : of(LEVELS);
  }
  if (random.below(10) > 0) object.time = random.below(4) > 0 ? of(TIMES.slice(0, 3)) : of(TIMES);
  for (let i = random.below(7); i > 0; i--) {
    // Of most lines names and values are what programs write.
    const [names, values] = random.below(8) > 0 ? [5 + 4, 5] : [NAMES.length, VALUES.length];
    object[NAMES[3 + random.below(names - 3)]] = VALUES[random.below(values)];
  }
  if (random.below(4) > 0) object.msg = random.below(3) > 0 ? "a message" : of(VALUES);
  let text = JSON.stringify(object);
  if (random.below(20) === 0) text = text.replace(/(?<=:)\d+(?=,)/, of(ODD));
  if (random.below(20) === 0) text = text.replace(/}$/, `,"${of(NAMES.slice(0, 8))}":1}`);
  if (random.below(20) === 0) text = text.replaceAll(/[,:]/g, (sign) => `${sign} `);
  if (random.below(10) === 0) text += of(["\n", "\r\n", " ", "x", "\0", ",", "}"]);
  if (random.below(30) === 0) {
    text =
      '{"time":"2026-11-30T00:00:00.000Z","level":"debug","logger":"ouroboros.vitals","cpu":1}';
  }
  const bytes = Buffer.from(text);
  if (random.below(10) === 0) bytes[random.below(bytes.length)] = random.below(256);
  return random.below(30) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

for (const format of ["json", "pretty"] as const) {
  for (const hasColors of [false, true]) {
    const what = `${format}${hasColors ? ", in colors" : ""}`;
    test(`plain lines are those of every other way: ${what} (SEED=${baseSeed})`, () => {
      const random = new Random(baseSeed);
      const memory = new ArrayBuffer(1 << 22);
      const written = Array.from({ length: COUNT }, () => line(random));
      Writer.create(memory, { chunkCount: 4 }).writeMany(written);
      const options = { format, isTerminal: false, hasColors, vitals: random.below(2) === 0 };
      const lines = new LineBytes();
      const print = batchPrinter(options, lines);
      const batch = new EntryBatch();
      const reader = new Reader(memory, { strategy: "oldest" });
      let slow = 0;
      let printed = "";
      const decoder = new TextDecoder();
      while (reader.readBatch(1 + random.below(500), batch).length > 0) {
        slow += print(batch);
        printed += decoder.decode(lines.take());
      }
      const expected = new LineBytes();
      const printOne = entryPrinter(format, expected, { colors: pc.createColors(hasColors) });
      for (const entry of new Reader(memory, { strategy: "oldest" })) {
        if (options.vitals || !isVitals(entry.text)) printOne(entry);
      }
      const [ours, theirs] = [printed, decoder.decode(expected.take())].map((all) =>
        all.split("\n")
      );
      const wrong = ours.findIndex((line, i) => line !== theirs[i]);
      assert.deepEqual([ours[wrong], ours.length], [theirs[wrong], theirs.length], `line ${wrong}`);
      // Of each kind there are many.
      assert.ok(slow > COUNT / 8 && slow < COUNT * 7 / 8, `${slow} of ${COUNT}`);
    });
  }
}
