/** What a page is sent, and what waits for it. */

import assert from "node:assert/strict";
import test from "node:test";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { MOST_WAITING, Outbox } from "../../src/cli/serve/outbox.ts";
import { rowOf } from "../../src/cli/serve/row.ts";
import type { EntryRow, Messages } from "../../src/cli/serve/messages.ts";
import { Watcher } from "../../src/cli/serve/watcher.ts";

test("Outbox keeps the newest rows, and counts what it dropped", () => {
  const outbox = new Outbox(3);
  outbox.push([[1, "a"], [2, "b"]]);
  outbox.push([[3, "c"], [4, "d"], [5, "e"]]);
  assert.equal(outbox.dropped, 2);
  assert.deepEqual(outbox.take(), [[3, "c"], [4, "d"], [5, "e"]]);
  assert.equal(outbox.length, 0);
  const text = "x".repeat(MOST_WAITING / 2 - 100);
  outbox.push([[6, text], [7, text], [8, text]]);
  assert.deepEqual(outbox.take().map(([number]) => number), [7, 8]);
  assert.equal(outbox.dropped, 3);
});

test("Outbox counts bytes of JSON, in which a control character has six", () => {
  const outbox = new Outbox(Infinity);
  const row = (number: number) => rowOf({ number, text: "\x01".repeat(8192), bytes: 8192 });
  for (let number = 1; number <= 1000; number++) outbox.push([row(number)]);
  assert.ok(outbox.length * 6 * 8192 <= MOST_WAITING, `${outbox.length} rows wait`);
  assert.equal(outbox.dropped + outbox.length, 1000);
  const piece = outbox.take(200_000);
  assert.deepEqual(piece.map(([number]) => number), [980, 981, 982, 983]);
  assert.equal(outbox.take(1)[0][0], 984, "one at least");
  assert.equal(outbox.take().at(-1)?.[0], 1000);
  assert.deepEqual(outbox.take(), []);
});

/** The page that a Watcher sends to; a slow one takes a message each time it is ready. */
class FakePage {
  isReady = true;
  readonly sent: Messages["entries"][] = [];
  readonly #isSlow: boolean;

  constructor({ isSlow = false } = {}) {
    this.#isSlow = isSlow;
  }

  send<K extends keyof Messages>(event: K, data: Messages[K]): void {
    if (event === "entries") this.sent.push(data as Messages["entries"]);
    if (this.#isSlow) this.isReady = false;
  }
}

test("a Watcher sends what is much in pieces, none before the page has taken the last one", () => {
  const page = new FakePage({ isSlow: true });
  const { sent } = page;
  const watcher = new Watcher(page, {
    filter: new EntryFilter(),
    wantsEntries: true,
    mostEntries: 10_000,
  });
  const rows = Array.from({ length: 100 }, (_, i): EntryRow => [i + 1, "x".repeat(8192)]);
  watcher.begin({ rows, left: 7 });
  watcher.take([{ number: 101, text: "live", bytes: 4 }], 50);
  watcher.flush();
  assert.equal(sent.length, 1);
  while (sent.at(-1)?.rows.at(-1)?.[0] !== 101) {
    page.isReady = true;
    watcher.flush();
  }
  assert.deepEqual(sent.map(({ left, isPast }) => [left, isPast]), [
    [7, true],
    [0, true],
    [0, true],
    [0, true],
    [0, undefined],
  ]);
  assert.deepEqual(sent.flatMap(({ rows }) => rows).map(([number]) => number), [
    ...rows.map(([number]) => number),
    101,
  ]);
  for (const one of sent) assert.ok(JSON.stringify(one).length < 270_000);
});

test("a Watcher whose page takes nothing holds a bounded number of rows", () => {
  const page = new FakePage();
  const { sent } = page;
  page.isReady = false;
  const filter = new EntryFilter();
  const watcher = new Watcher(page, { filter, wantsEntries: true, mostEntries: 100 });
  watcher.begin({ rows: [], left: 0 });
  let number = 0;
  for (let tick = 0; tick < 1000; tick++) {
    watcher.take([{ number: ++number, text: "x", bytes: 1 }], 50);
    watcher.flush();
  }
  assert.equal(sent.length, 0);
  page.isReady = true;
  watcher.flush();
  assert.deepEqual(sent.shift(), { rows: [], left: 0, isPast: true });
  assert.deepEqual(sent[0].rows.map(([number]) => number).slice(0, 2), [801, 802]);
  assert.equal(sent[0].rows.length, 200);
});

test("a Watcher sends a sample of what is more than its rate, and says how many it left out", () => {
  const page = new FakePage();
  const { sent } = page;
  const filter = new EntryFilter({ where: "wanted" });
  const watcher = new Watcher(page, { filter, wantsEntries: true, mostEntries: 200 });
  watcher.begin({ rows: [], left: 0 });
  const entries = Array.from({ length: 1000 }, (_, i) => {
    return { number: i + 1, text: i % 2 === 0 ? "wanted" : "other", bytes: 6 };
  });
  for (let tick = 0; tick < 20; tick++) {
    watcher.take(entries, 50);
    watcher.flush();
  }
  const rows = sent.reduce((sum, { rows }) => sum + rows.length, 0);
  const left = sent.reduce((sum, { left }) => sum + left, 0);
  assert.equal(rows + left, 20 * 500);
  assert.ok(rows >= 200 && rows <= 250, `${rows} in a second of 200`);
  assert.ok(sent.every(({ rows }) => rows.every(([, text]) => text === "wanted")));
});
