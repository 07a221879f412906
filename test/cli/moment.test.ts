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

test("parseMoment() takes durations as people and systemd write them", () => {
  const ago = (text: string) => now - (parseMoment(text, now) ?? NaN);
  const cases: [text: string, seconds: number][] = [
    ["-1h", 3600],
    ["1hour", 3600],
    ["10 min ago", 600],
    ["5 minutes ago", 300],
    ["1 hour 30 min ago", 5400],
    ["1h 30m", 5400],
    ["90 Seconds", 90],
    ["2 weeks ago", 14 * 86_400],
    ["+10min", -600],
    ["now", 0],
  ];
  for (const [text, seconds] of cases) assert.equal(ago(text), seconds * second, text);
});

test("parseMoment() takes days by their names, from midnight on", () => {
  const at = (text: string) => parseMoment(text, now);
  assert.equal(at("today"), new Date(2026, 10, 21).getTime());
  assert.equal(at("yesterday"), new Date(2026, 10, 20).getTime());
  assert.equal(at("tomorrow"), new Date(2026, 10, 22).getTime());
  assert.equal(at("yesterday 14:30"), new Date(2026, 10, 20, 14, 30).getTime());
  assert.equal(at("today 23:00"), new Date(2026, 10, 21, 23).getTime());
});

test("parseMoment() takes times of the day as when they were last", () => {
  const at = (text: string) => parseMoment(text, now);
  assert.equal(at("14:30"), now - 500);
  assert.equal(at("9:05"), new Date(2026, 10, 21, 9, 5).getTime());
  assert.equal(at("14:30:00.5"), now);
  assert.equal(at("14:30:01"), new Date(2026, 10, 20, 14, 30, 1).getTime());
  assert.equal(at("23:59"), new Date(2026, 10, 20, 23, 59).getTime());
});

test("parseMoment() takes times of the day in UTC", () => {
  const noon = Date.UTC(2026, 10, 21, 12);
  const at = (text: string) => parseMoment(text, noon);
  for (const zone of [" UTC", "UTC", "Z", " Z"]) {
    assert.equal(at(`11:47:27${zone}`), Date.UTC(2026, 10, 21, 11, 47, 27), zone);
    assert.equal(at(`12:00:01${zone}`), Date.UTC(2026, 10, 20, 12, 0, 1), zone);
  }
  assert.equal(at("11:47 CET"), undefined);
  assert.equal(at("yesterday 14:30Z"), undefined);
});

test("parseMoment() takes dates, local ones without a zone", () => {
  assert.equal(parseMoment("2026-11-21T13:59:30Z"), 1795269570000);
  assert.equal(parseMoment("2026-11-21T14:59:30.250+01:00"), 1795269570250);
  assert.equal(parseMoment("2026-11-21 13:59"), new Date(2026, 10, 21, 13, 59).getTime());
  assert.equal(parseMoment("2026-11-21"), new Date(2026, 10, 21).getTime());
  assert.equal(parseMoment("2026-11-21 13:59:30 UTC"), 1795269570000);
  assert.equal(parseMoment("1795269570"), 1795269570000);
  assert.equal(parseMoment("@1795269570.5"), 1795269570500);
  assert.equal(parseMoment("@0"), 0);
});

test("parseMoment() gives undefined for what is not a time", () => {
  for (
    const text of [
      "",
      "m",
      "10",
      "10x",
      "-",
      "ago",
      "-5m ago",
      "@",
      "@x",
      "25:00",
      "12:60",
      "yesterday 25:00",
      "soon",
      "constructor",
      "2026-13-01",
    ]
  ) assert.equal(parseMoment(text, now), undefined, text);
});
