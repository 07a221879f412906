/** Which entries a page asks for, and that none of them is passed by. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { findBacklog } from "../../src/cli/serve/backlog.ts";
import { findEntries } from "../../src/cli/serve/find_entries.ts";
import { findTimeline } from "../../src/cli/serve/find_timeline.ts";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { wordsOf } from "../../src/cli/serve/question_words.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { levelOf as entryLevel } from "../../src/cli/serve/level_of.ts";
import { segmentOf } from "../../src/cli/serve/place.ts";
import { uniqueName } from "../support/runtime.ts";

test("EntryFilter finds all words in any case, and leaves out those with a minus", () => {
  const matches = (where: string, text: string) => new EntryFilter({ where }).matches(text);
  assert.ok(matches("", "anything"));
  assert.ok(matches("error TIME", "Timeout: an Error"));
  assert.ok(!matches("error time", "an error"));
  assert.ok(!matches("error -health", "error in /health"));
  assert.ok(matches("-health", "fine"));
  assert.ok(matches('"an error" x', "x: an error"));
  assert.ok(!matches('"an error"', "error, an"));
  assert.deepEqual(
    wordsOf('a "B c" -D -"e f" level:warn NOT (x OR y) (z OR msg:=W)'),
    ["a", "b c", "warn", "z", "w"],
  );
  assert.deepEqual(wordsOf(" "), []);
});

test("EntryFilter with a level leaves out what is less, or has none", () => {
  const filter = new EntryFilter({ level: "warn" });
  assert.equal(filter.isEmpty, false);
  assert.ok(filter.matches('{"level":50,"time":1700000000000,"msg":"x"}'));
  assert.ok(!filter.matches('{"level":30,"time":1700000000000,"msg":"ERROR"}'));
  assert.ok(filter.matches("2026-01-01 12:00:00 [error] no room"));
  assert.ok(!filter.matches("nothing of a level"));
});

test("levelOf() finds levels of lines near their start only", () => {
  const levelOf = (text: string) => entryLevel(recognizeRecord(text), text);
  assert.equal(levelOf("2026-11-21T10:00:00Z WARN slow"), "warn");
  assert.equal(levelOf("[info] up"), "info");
  assert.equal(levelOf("2026-11-21 13:59:30.229 +00:00 [INF] app·db: connected"), "info");
  assert.equal(levelOf("level=ERROR msg=x"), "error");
  assert.equal(levelOf("an error that is spoken of"), undefined);
  assert.equal(levelOf(`${"x ".repeat(60)}ERROR`), undefined);
  assert.equal(levelOf("{broken ERROR"), "error");
});

/** How long the head of a line of a container runtime is here. */
const HEAD = "2026-11-21T10:00:00.5Z stdout F ".length;

test("the look at bytes passes by nothing that matches", async () => {
  using log = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, size: "2MiB" });
  const texts: string[] = [];
  for (let n = 0; n < 3000; n++) {
    const level = [10, 20, 30, 40, 50, 60, "warn", "ERR"][n % 8];
    texts.push(
      JSON.stringify({
        level,
        time: 1.7e12 + n,
        msg: n % 7 === 0 ? "Pay \u212Aey" : `m${n}`,
        status: n % 600,
      }),
      `2026-11-21T10:00:00.5Z stdout P {"level":50,"msg":"in pa`,
      `plain ERROR pay ${n}`,
      `2026-11-21T10:00:00.5Z stdout F rts ${n}","time":1700000000000}`,
      `{"level":"error","time":1700000000000,"msg":"p\\u0061y"}`,
    );
  }
  log.writeMany(texts);
  const filters = [
    { where: "pay" },
    { where: "level:error" },
    { where: "status:>=300 AND level:>=warn" },
    { where: "key", level: "warn" as const },
    { level: "error" as const },
    { where: "parts" },
    { where: "NOT pay" },
  ];
  for (const options of filters) {
    const filter = new EntryFilter(options);
    const signal = new AbortController().signal;
    const which = { after: 0, limit: 10_000 };
    const seen: number[] = [];
    for (let after = 0;;) {
      const found = await findEntries(log.name, { filter, which: { ...which, after }, signal });
      seen.push(...found!.entries.map(({ seq }) => seq));
      if (!found!.isMore) break;
      after = seen.at(-1)!;
    }
    const { oldest } = (await findEntries(log.name, { filter, which: { last: 1 }, signal }))!;
    // A line in parts is asked whole, and is at its end.
    const lineAt = (i: number) =>
      i % 5 === 3 ? `${texts[i - 2].replace(" P ", " F ")}${texts[i].slice(HEAD)}` : texts[i];
    const expected = texts.flatMap((_, i) =>
      i + 1 >= oldest && i % 5 !== 1 && new EntryFilter(options).matches(lineAt(i)) ? [i + 1] : []
    );
    assert.ok(expected.length > 100 || options.where === "parts", JSON.stringify(options));
    assert.deepEqual(seen, expected, JSON.stringify(options));
    const { entries } = (await findTimeline(log.name, filter, signal))!;
    assert.equal(entries, expected.length);
  }
  // Of lines in parts the page has the whole ones.
  using reader = ShmLogReader.open(log.name);
  const found = await findBacklog(log.name, {
    filter: new EntryFilter({ where: '"in parts"' }),
    segment: segmentOf(reader.position),
    upTo: texts.length,
    most: 5,
    signal: new AbortController().signal,
  });
  assert.equal(found.rows.length, 5);
});
