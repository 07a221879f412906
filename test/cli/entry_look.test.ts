/** Entries that are ruled out by their bytes: what is printed is the same as if all had been parsed. */

import assert from "node:assert/strict";
import test from "node:test";
import { EntryBatch, Reader, Writer } from "../../mod.ts";
import { needleOf } from "../../src/cli/grep/needles.ts";
import { Pattern } from "../../src/cli/grep/pattern.ts";
import { Where } from "../../src/cli/grep/where.ts";
import type { Criteria } from "../../src/cli/options/selection.ts";
import { type Item, Items } from "../../src/cli/tail/items.ts";
import { parsePattern } from "../../src/records/pattern/syntax.ts";
import { baseSeed, Random } from "../support/random.ts";
import { randomLine } from "../support/random_lines.ts";

const START = 1.76e12;
const LOG = { name: "/test", received: undefined, position: undefined };

const PATTERNS = [
  "timed out",
  "t.med",
  "k",
  "(?i)KIND",
  "start|xyz",
  "PO[S]T",
  "r-\\d+",
  "id",
  "\\\\u",
];
const QUESTIONS = [
  "timed",
  "level:error",
  "level:>=warn AND timed",
  'req.method:POST OR "request completed"',
  "NOT timed",
  "ms:>5000",
  "kelvin",
  "id:r-1*",
];
const LEVELS: Criteria["level"][] = [
  { least: "error", most: "fatal" },
  { least: "warn", most: "error" },
  { least: "trace", most: "debug" },
];

function maybe<T>(random: Random, make: () => T): T | undefined {
  return random.below(3) === 0 ? make() : undefined;
}

function randomCriteria(random: Random): Criteria {
  const of = <T>(values: readonly T[]) => values[random.below(values.length)];
  const grep = maybe(random, () => {
    const patterns = Array.from({ length: 1 + random.below(2) }, () => of(PATTERNS));
    const options = { ignoreCase: random.below(2) === 0, invertMatch: random.below(5) === 0 };
    return new Pattern(patterns, options);
  });
  const where = maybe(random, () => new Where(of(QUESTIONS)));
  const level = maybe(random, () => of(LEVELS));
  const since = maybe(random, () => START + random.below(400));
  const until = maybe(random, () => START + random.below(400));
  return {
    ...grep && { grep },
    ...where && { where },
    ...level && { level },
    ...since && { since },
    ...until && { until },
    vitals: random.below(2) === 0,
  };
}

const shown = (items: Item[]) =>
  items.filter(({ entry, notice }) => entry ?? notice).map(({ entry, time, notice }) => {
    return { number: entry?.sequenceNumber, text: entry?.text, time, notice };
  });

test(`what is selected is the same with a look at the bytes before (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 400; run++) {
    const lines = Array.from({ length: 100 }, (_, i) => randomLine(random, START + 4 * i));
    const memory = new ArrayBuffer(1 << 18);
    Writer.create(memory, { chunkCount: 4 }).writeMany(lines);
    const criteria = randomCriteria(random);
    const options = {
      criteria,
      wantsRecords: random.below(2) === 0,
      joinsLines: random.below(2) === 0,
      inBatches: false,
    };
    const expected = random.below(2) * random.below(120);

    const one = new Items(LOG, options);
    const all: Item[] = [];
    one.expected = expected;
    for (const entry of new Reader(memory)) one.add(entry, false, all);
    all.push(...one.unfinished(false));

    const other = new Items(LOG, options);
    other.expected = expected;
    const looked: Item[] = [];
    const reader = new Reader(memory);
    const batch = new EntryBatch();
    while (reader.readBatch(1 + random.below(40), batch).length > 0) {
      looked.push(...other.past(batch));
    }
    looked.push(...other.unfinished(false));

    const what = JSON.stringify({ run, criteria, options: { ...options, criteria: 0 } });
    assert.deepEqual(shown(looked), shown(all), what);
    assert.equal(other.untimed, one.untimed, what);
    assert.equal(other.expected, one.expected, what);
  }
});

test("the longest text that an expression needs", () => {
  const needles: [pattern: string, needle: string | undefined][] = [
    ["timed out", "timed out"],
    ["timed.out!", "timed"],
    ["a+bcd", "bcd"],
    ["abc?d", "ab"],
    ["abc*", "ab"],
    ["ab{0,3}cd", "cd"],
    ["ab{2}", "ab"],
    ["\\d+ms", "ms"],
    ["[a-z\\]]xyz$", "xyz"],
    ["GET \\/pay\\.html", "GET /pay.html"],
    ['{"level":50', '{"level":50'],
    ["a|bcd", undefined],
    ["(abc)?", undefined],
    ["x", undefined],
    ["caf\u00e9s", undefined],
  ];
  for (const [pattern, needle] of needles) {
    assert.equal(needleOf(parsePattern(pattern)), needle, pattern);
  }
});
