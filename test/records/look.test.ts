/** What is known of entries by their bytes alone: never anything else than what parsing them gives. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { EntryLook } from "../../src/records/look/entry_look.ts";
import { FlatLine } from "../../src/records/look/flat_line.ts";
import { JsonLevel } from "../../src/records/look/json_level.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { decodeText } from "../../src/decode_text.ts";
import { baseSeed, Random } from "../support/random.ts";
import { plainLine, randomLine } from "../support/random_lines.ts";

const levels = new JsonLevel();
const levelOf = (line: string | Uint8Array) => {
  const bytes = Buffer.from(line);
  // Within other bytes, none of which may count.
  const around = Buffer.concat([Buffer.from('"}'), bytes, Buffer.from('"level":60}')]);
  return levels.of(around, 2, 2 + bytes.length);
};

test("levels are read from the bytes of all libraries' JSON", () => {
  const known: [line: string, level: string][] = [
    ['{"level":30,"time":1764000000000,"msg":"a"}', "info"],
    ['{"level":"error","message":"a"}', "error"],
    ['{"@timestamp":"2026-11-30T00:00:00.000Z","level":"WARNING","properties":{"a":[{}]}}', "warn"],
    [
      '{"timeUnixNano":"1764000000000000000","severityNumber":17,"body":{"stringValue":"a"}}',
      "error",
    ],
    ['2026-11-30T00:00:00.123456789Z stderr F {"level":50}', "error"],
    ['{ "a" : -1.5e+3 , "severity" : "info" }\n', "info"],
    ['{"a":"\\"level\\":50","level":30}', "info"],
    ['{"a":{"level":50,"b":[{"c":"}"}]},"level":30,"d":[]}', "info"],
  ];
  for (const [line, level] of known) assert.equal(levelOf(line), level, line);
});

test("what is no JSON, or could have another level, is left to the parser", () => {
  const lines = [
    '{"level":30',
    '{"level":30}x',
    '{"level":30,}',
    '{"level":30,"a":01}',
    '{"level":30,"a":"\t"}',
    '{"level":30,"a":"\\x"}',
    '{"level":30,"a":tru}',
    '{"level":30,"a":{"b":1,}}',
    '{"level":30,"a":[1}}',
    '{"level":30,"a":{"b":1}',
    '{"level":{"a":1},"b":2}',
    '{"level":30,"level":50}',
    '{"level":30,"\\u006cevel":50}',
    '{"level":30,"resourceLogs":[]}',
    '{"lvl":"error","severityNumber":9}',
    '[{"level":30}]',
    '\ufeff{"level":30}',
    `{"level":30,"a":${"[".repeat(300)}${"]".repeat(300)}}`,
    '2026-11-30T00:00:00Z stderr F:éééé{"level":30,"m": 1}',
    "level=error",
    "",
  ];
  for (const line of lines) assert.equal(levelOf(line), undefined, line);
});

test(`levels of any bytes are those of the record, or unknown (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let i = 0; i < 5000; i++) {
    const plain = plainLine(random, 1.76e12 + i);
    assert.equal(levelOf(plain), recognizeRecord(plain)?.level, plain);
    const bytes = randomLine(random, 1.76e12 + i);
    const level = levelOf(bytes);
    const text = decodeText(bytes);
    if (level !== undefined) assert.equal(level, recognizeRecord(text)?.level, text);
  }
});

test("a name differs from the one that was in its place in the line before", () => {
  const line = new FlatLine((name) => name);
  const nameIn = (name: string) => {
    const bytes = Buffer.from(`{"${name}":1}`);
    return line.read(bytes, 0, bytes.length) ? line.meanings[0] : undefined;
  };
  for (let length = 1; length < 14; length++) {
    const before = "abcdefghijklmn".slice(0, length);
    for (let i = 0; i < length; i++) {
      const other = `${before.slice(0, i)}X${before.slice(i + 1)}`;
      assert.deepEqual([nameIn(before), nameIn(other)], [before, other]);
    }
  }
  assert.deepEqual([nameIn("a"), nameIn(""), nameIn("a")], ["a", undefined, "a"]);
  const cut = Buffer.from('{"abc":1}{"abc}');
  assert.deepEqual([line.read(cut, 0, 9), line.read(cut, 9, cut.length)], [true, false]);
});

test(`an entry with a needle is never ruled out (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed + 1);
  for (let run = 0; run < 300; run++) {
    const lines = Array.from(
      { length: 30 },
      () =>
        Array.from({ length: random.below(8) }, () => "aAbk\u212as\u017f- "[random.below(9)]).join(
          "",
        ),
    );
    const needle = () => Array.from({ length: 2 }, () => "abks-"[random.below(5)]).join("");
    const groups = Array.from({ length: 1 + random.below(2) }, () => [needle(), needle()]);
    const ignoresCase = random.below(2) === 0;
    const look = new EntryLook({
      needles: groups.map((texts) => ({ texts, ignoresCase, mayBeEscaped: false })),
    });
    // One after the other without anything between: an end and a start must not make a needle.
    const bounds = new Int32Array(2 * lines.length);
    let end = 0;
    for (const [i, line] of lines.entries()) {
      bounds[2 * i] = end;
      bounds[2 * i + 1] = end += Buffer.byteLength(line);
    }
    look.begin({ bytes: Buffer.from(lines.join("")), bounds, length: lines.length });
    const found: number[] = [];
    for (let i = look.next(0); i < lines.length; i = look.next(i + 1)) found.push(i);
    const has = (line: string, text: string) =>
      new RegExp(text, ignoresCase ? "iu" : "u").test(line);
    const matching = lines.flatMap((line, i) =>
      groups.every((texts) => texts.some((text) => has(line, text))) ? [i] : []
    );
    assert.deepEqual(matching.filter((i) => !found.includes(i)), [], `${run}: ${groups}: ${lines}`);
    // And most others are.
    const folded = (line: string) => Buffer.byteLength(line) > line.length;
    const wrong = found.filter((i) => !matching.includes(i) && !folded(lines[i]));
    assert.ok(wrong.length <= lines.length / 3, `${run}: ${groups}: ${wrong.map((i) => lines[i])}`);
  }
});
