/** What entries of vitals say. */

import assert from "node:assert/strict";
import test from "node:test";
import { isVitals, VITALS_CHARTS, vitalsOf } from "../../src/records/vitals.ts";

const entry = (more: object, time: unknown = "2026-11-30T00:00:00.000Z") =>
  JSON.stringify({ time, level: "debug", logger: "ouroboros.vitals", ...more });

test("an entry of vitals is a sample of what the runtime knew", () => {
  const text = entry({
    msg: "",
    loopDelayMs: { p50: 0, p99: 1, max: 2.5 },
    cpuPercent: 12.3,
    rss: 1,
    heapUsed: 2,
    gc: { count: 1, ms: 4 },
  });
  assert.deepEqual(vitalsOf(text), {
    time: Date.UTC(2026, 10, 30),
    cpu: 12.3,
    late: 2.5,
    rss: 1,
    heap: 2,
    gc: 4,
  });
  assert.deepEqual(vitalsOf(entry({ msg: "", rss: 1 })), { time: Date.UTC(2026, 10, 30), rss: 1 });
});

test("what looks like one, or is damaged, is no sample", () => {
  const quoted = JSON.stringify({ level: "info", text: entry({ msg: "" }) });
  for (const text of ["", "x", quoted, entry({ msg: "" }).slice(0, -3)]) {
    assert.equal(vitalsOf(text), undefined);
  }
  assert.equal(isVitals(quoted), false);
  const strange = entry({ msg: "", rss: { valueOf: 1 }, gc: null, loopDelayMs: "late" });
  assert.deepEqual(Object.keys(vitalsOf(strange)!), ["time"]);
  assert.equal(vitalsOf(entry({ msg: "" }, "2026-99-30T00:00:00.000Z")), undefined);
});

test("values have their units", () => {
  const values = { cpu: 12.34, late: 1250.4, heap: 20.25 * 2 ** 20, rss: 2 ** 30, gc: 0 };
  assert.deepEqual(VITALS_CHARTS.map(({ key, format }) => format(values[key])), [
    "12.3 %",
    "1250 ms",
    "20.3 MiB",
    "1024 MiB",
    "0 ms",
  ]);
});
