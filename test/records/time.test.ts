/** The moment of a record, in many notations. */

import assert from "node:assert/strict";
import test from "node:test";
import { toTime } from "../../src/records/time.ts";

const moment = 1795269570229;

test("toTime() takes numbers of seconds, milliseconds, microseconds and nanoseconds", () => {
  assert.equal(toTime(1795269570), 1795269570000);
  assert.equal(toTime(1795269570.25), 1795269570250);
  assert.equal(toTime(moment), moment);
  assert.equal(toTime(moment * 1e3), moment);
  assert.equal(toTime(moment * 1e6), moment);
  assert.equal(toTime("1795269570229000000"), moment);
  assert.equal(toTime("1795269570"), 1795269570000);
});

test("toTime() of nanoseconds is the very millisecond, where it is a whole one", () => {
  for (let time = moment; time < moment + 1000; time++) assert.equal(toTime(`${time}000000`), time);
  assert.equal(toTime("1795269570229250000"), moment + 0.25);
});

test("toTime() takes dates and times in ISO 8601 and the like", () => {
  for (
    const text of [
      "2026-11-21T13:59:30.229Z",
      "2026-11-21t13:59:30.229z",
      "2026-11-21 13:59:30,229Z",
      "2026-11-21T13:59:30.229000000Z",
      "2026-11-21T14:59:30.229+01:00",
      "2026-11-21T14:59:30.229+0100",
      "2026-11-21 14:59:30.229 +01",
      "2026-11-21T08:29:30.229-05:30",
    ]
  ) assert.equal(toTime(text), moment, text);
  assert.equal(toTime("2026-11-21T13:59:30Z"), 1795269570000);
  assert.equal(toTime("2026-11-20T24:00:00Z"), Date.parse("2026-11-21T00:00:00Z"));
  assert.equal(toTime("2026-11-21T24:00:00.000+14:00"), Date.parse("2026-11-21T10:00:00Z"));
  const local = new Date(2026, 10, 21, 13, 59, 30).getTime();
  assert.equal(toTime("2026-11-21T13:59:30"), local);
  assert.equal(toTime("2026/11/21 13:59:30"), local);
  assert.equal(toTime("2026-11-21"), new Date(2026, 10, 21).getTime());
});

test("toTime() of the first years is no time of the last century", () => {
  // What Go and .NET write for "no time".
  const first = Date.parse("0001-01-01T00:00:00.000Z");
  assert.equal(toTime("0001-01-01T00:00:00.000Z"), first);
  assert.equal(toTime("0001-01-01T00:00:00Z"), first);
  assert.equal(toTime("0001-01-01T01:00:00+01:00"), first);
  const local = new Date(2000, 0, 1);
  local.setFullYear(1);
  assert.equal(toTime("0001-01-01T00:00:00"), local.getTime());
});

test("toTime() knows how many days a month has", () => {
  const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  for (const ending of ["Z", ".000Z", "+00:00"]) {
    const timeOf = (day: string) => toTime(`${day}T10:00:00${ending}`);
    for (const [i, last] of days.entries()) {
      const month = `2026-${String(i + 1).padStart(2, "0")}`;
      assert.equal(timeOf(`${month}-${last}`), Date.UTC(2026, i, last, 10), month);
      assert.equal(timeOf(`${month}-${last + 1}`), undefined, month);
    }
    for (const year of [2000, 2024]) {
      assert.equal(timeOf(`${year}-02-29`), Date.UTC(year, 1, 29, 10), `${year}`);
      assert.equal(timeOf(`${year}-02-30`), undefined, `${year}`);
    }
    for (const year of [1900, 2100]) assert.equal(timeOf(`${year}-02-29`), undefined, `${year}`);
  }
});

test("toTime() gives undefined for what is no moment", () => {
  for (
    const value of [
      0,
      -1,
      12,
      99_999_999,
      1e20,
      NaN,
      Infinity,
      "",
      "soon",
      "12",
      "2026-13-21T13:59:30.229Z",
      "2026-11-21T25:59:30.229Z",
      "2026-11-21T24:59:00Z",
      "2026-11-21T24:00:00.001Z",
      "2026-11-21T24:59:00.000Z",
      "2026-11-21 24:00:01",
      "2026-11-21T13:59:30+99:99",
      "2026-11-21T13:59:30+24:00",
      "2026-11-21T13:59:30-01:60",
      "2026-xx-21T13:59:30.229Z",
      "2026-11-21T13:60:30Z",
      "2026-11-21 and more",
      "Sat Nov 21 2026",
      null,
      undefined,
      true,
      {},
      [moment],
    ]
  ) assert.equal(toTime(value), undefined, String(value));
});
