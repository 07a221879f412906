/** The modules of the page that need no browser, and the bundle of all of them. */

import assert from "node:assert/strict";
import test from "node:test";
import { EntryStore } from "../../src/cli/serve/page/entry_store.ts";
import {
  formatBytes,
  formatMoment,
  formatShort,
  formatSpan,
} from "../../src/cli/serve/page/format.ts";
import { oneLine, pretty } from "../../src/cli/serve/page/entry_text.ts";
import type { EntryRow } from "../../src/cli/serve/messages.ts";
import { buildPage } from "../../scripts/build_page.ts";
import { page, parts } from "../../src/cli/serve/page.ts";

test("the page that is served is what its sources give (deno task build:page)", async () => {
  const built = await buildPage();
  for (const part of ["html", "style", "script"] as const) {
    // Not assert.equal(): a message with all of it would be no help.
    assert.ok(parts[part] === built[part], `the ${part} in page.json is out of date`);
  }
});

test("the page is small, whole, and loads nothing from elsewhere", () => {
  const { html, style, script } = parts;
  const size = new TextEncoder().encode(page).length;
  assert.ok(size < 250_000, `${size} bytes`);
  assert.equal(html.split("/*STYLE*/").length, 2);
  assert.equal(html.split("/*SCRIPT*/").length, 2);
  assert.equal(html.split("/*REPORT*/").length, 2);
  assert.ok(!/<\/(script|style)/i.test(script + style), "ends its element early");
  assert.doesNotMatch(style, /@import|url\(/);
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
});

test("EntryStore keeps the newest rows, bounded in number and length", () => {
  const store = new EntryStore();
  const rows = (from: number, to: number, text = "x"): EntryRow[] =>
    Array.from({ length: to - from + 1 }, (_, i) => [from + i, text]);
  store.add(rows(1, 15_000));
  store.remark("between");
  store.add(rows(15_001, 30_000));
  assert.equal(store.length, 20_000);
  assert.equal(store.lastNumber, 30_000);
  assert.equal(store.at(store.end - 1)?.number, 30_000);
  assert.equal(store.at(store.first)?.number, 10_002);
  assert.equal(store.at(15_000)?.text, "between");
  assert.equal(store.at(store.first - 1), undefined);
  assert.equal(store.at(store.end), undefined);
  for (let place = store.first; place < store.end; place++) {
    assert.equal(store.at(place)?.place, place);
  }
  store.add(rows(30_001, 30_010, "y".repeat(8_000_000)));
  assert.equal(store.length, 3);
  const { end } = store;
  store.clear();
  assert.deepEqual([store.length, store.first, store.lastNumber], [0, end, 0]);
});

test("oneLine() shows what would be hidden, or play tricks", () => {
  assert.equal(oneLine("plain ünï ✓"), "plain ünï ✓");
  assert.equal(oneLine("\x1b[31mred\x1b[0m"), "red");
  assert.equal(oneLine("a\nb\tc\r\0"), "a⏎ b  c␍␀");
  assert.equal(oneLine("\x1b]0;title\x07"), "␛]0;title␇");
  assert.equal(oneLine("a\u202eb\u2066c\u0085\x7f"), "a‹202e›b‹2066›c‹85›␡");
});

test("numbers are short, and have their units", () => {
  assert.deepEqual([0, 9999, 12_345, 1.5e6].map(formatShort), ["0", "9,999", "12.3K", "1.5M"]);
  assert.deepEqual([0, 999, 1234, 56.7e6, 2e9].map(formatBytes), [
    "0 B",
    "999 B",
    "1.23 kB",
    "56.7 MB",
    "2 GB",
  ]);
  assert.deepEqual([0.0123, 4.21, 600, 7200, Infinity].map(formatSpan), [
    "12 ms",
    "4.21 s",
    "10 min",
    "2 h",
    "∞",
  ]);
});

test("a row of another day has its date", () => {
  const noon = new Date(2026, 10, 21, 12, 0, 5, 7).getTime();
  assert.equal(formatMoment(noon, noon + 3600e3), "12:00:05.007");
  assert.equal(formatMoment(noon, noon + 13 * 3600e3), "11-21 12:00:05.007");
  assert.equal(formatMoment(noon, noon + 50 * 86400e3), "2026-11-21 12:00:05.007");
});

test("pretty() changes nothing of JSON but its spaces, however it is nested", () => {
  assert.equal(pretty("no {json}"), "no {json}");
  assert.equal(pretty('{"cut": [1,'), '{"cut": [1,');
  assert.equal(
    pretty('{"id":12345678901234567890,"a":1.0,"a":[ ],"s":"{,\\"}:  ","o":{"x" : [1, {}]}}'),
    `{
  "id": 12345678901234567890,
  "a": 1.0,
  "a": [],
  "s": "{,\\"}:  ",
  "o": {
    "x": [
      1,
      {}
    ]
  }
}`,
  );
  const deep = `{"a":${"[".repeat(4000)}1${"]".repeat(4000)}}`;
  assert.ok(pretty(deep).length < 100 * deep.length, `${pretty(deep).length} characters`);
  assert.deepEqual(pretty(deep).replace(/\s/g, ""), deep);
});
