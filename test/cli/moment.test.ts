/** Moments, as people name them. */

import assert from "node:assert/strict";
import test from "node:test";
import { parseMoment } from "../../src/cli/options/moment.ts";

const now = new Date(2026, 10, 21, 14, 30, 0, 500).getTime();
const second = 1000;
const day = 86_400 * second;

test("parseMoment() takes durations as so long ago", () => {
  const ago = (text: string) => now - (parseMoment(text, now) ?? NaN);
  assert.equal(ago("0s"), 0);
  assert.equal(ago("250ms"), 250);
  assert.equal(ago("10m"), 600 * second);
  assert.equal(ago("10min"), 600 * second);
  assert.equal(ago("2h"), 7200 * second);
  assert.equal(ago("1.5h"), 5400 * second);
  assert.equal(ago("1h30m"), 5400 * second);
  assert.equal(ago("1d"), day);
  assert.equal(ago("2w"), 14 * day);
});

test("parseMoment() takes times of the day as when they were last", () => {
  const at = (text: string) => parseMoment(text, now);
  assert.equal(at("14:30"), now - 500);
  assert.equal(at("9:05"), new Date(2026, 10, 21, 9, 5).getTime());
  assert.equal(at("14:30:00.5"), now);
  assert.equal(at("14:30:01"), new Date(2026, 10, 20, 14, 30, 1).getTime());
  assert.equal(at("23:59"), new Date(2026, 10, 20, 23, 59).getTime());
});

test("parseMoment() takes dates, local ones without a zone", () => {
  assert.equal(parseMoment("2026-11-21T13:59:30Z"), 1795269570000);
  assert.equal(parseMoment("2026-11-21T14:59:30.250+01:00"), 1795269570250);
  assert.equal(parseMoment("2026-11-21 13:59"), new Date(2026, 10, 21, 13, 59).getTime());
  assert.equal(parseMoment("2026-11-21"), new Date(2026, 10, 21).getTime());
  assert.equal(parseMoment("1795269570"), 1795269570000);
});

test("parseMoment() gives undefined for what is none", () => {
  for (
    const text of ["", "m", "10", "10x", "-5m", "5m ago", "25:00", "12:60", "soon", "2026-13-01"]
  ) assert.equal(parseMoment(text, now), undefined, text);
});
