/** Spans of the logger, and `ouroboros export --trace`: the JSON of Chrome's traces. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { EventLogWriter } from "../../src/events/mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import type { TraceEvent } from "../../src/records/chrome_trace.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { runScript, uniqueName } from "../support/runtime.ts";

const folder = testFolder("trace");

/** Exports a trace, and checks it by what the format's description says of each kind of event. */
function traceOf(...args: string[]): TraceEvent[] {
  const path = `${folder}/trace.json`;
  const { code, stderr } = runCli(["export", ...args, "--trace", path, "--force"]);
  assert.equal(code, 0, stderr);
  const trace = JSON.parse(readFileSync(path, "utf8"));
  assert.deepEqual(Object.keys(trace), ["displayTimeUnit", "traceEvents"]);
  for (const event of trace.traceEvents as TraceEvent[]) {
    const { name, ph, ts, pid, tid, cat, id, s, args } = event;
    assert.equal(typeof name, "string");
    assert.ok(Number.isFinite(ts) && Number.isInteger(pid) && Number.isInteger(tid));
    assert.equal(typeof args, "object");
    if (ph === "M") {
      assert.ok(["process_name", "thread_name"].includes(name));
      assert.equal(typeof args.name, "string");
    } else if (ph === "C") {
      assert.ok(Object.values(args).every((value) => typeof value === "number"));
    } else if (ph === "i") assert.equal(s, "t");
    else {
      assert.ok(ph === "b" || ph === "e", ph);
      assert.equal(cat, "span");
      assert.match(String(id), /^[0-9a-f]{16}$/);
    }
  }
  return trace.traceEvents;
}

test("a span is a line at its begin, and one at its end with how long it took", () => {
  const target = uniqueName("span");
  using log = createLogger({ target, unlinkOnClose: true, redact: ["password"] });
  using reader = ShmLogReader.open(target);
  const lines = () => [...reader].map(({ text }) => JSON.parse(text));
  const span = log.span("db.query", { table: "users", password: "x" });
  const [begin] = lines();
  // It is there at once: so it is after a crash.
  assert.deepEqual([begin.msg, begin.span, begin.table, begin.password], [
    "db.query",
    "begin",
    "users",
    "[Redacted]",
  ]);
  assert.match(begin.span_id, /^[0-9a-f]{16}$/);
  assert.equal(begin.span_id, span.id);
  span.end({ rows: 3 });
  span.end({ rows: 4 });
  span[Symbol.dispose]();
  const [end, ...others] = lines();
  assert.deepEqual(others, []);
  assert.deepEqual([end.msg, end.span, end.span_id, end.rows], ["db.query", "end", span.id, 3]);
  assert.ok(end.ms >= 0);
  {
    using inner = log.child({ request: 7 }).span("inner", {}, { level: "error" });
    assert.notEqual(inner.id, span.id);
  }
  assert.deepEqual(lines().map(({ span, level, request }) => [span, level, request]), [
    ["begin", 50, 7],
    ["end", 50, 7],
  ]);
  log.span("debug", {}, { level: "debug" }).end();
  assert.deepEqual(lines(), []);
  assert.throws(() => log.span("x", {}, { level: "loud" }), RangeError);
});

test("spans, vitals and other entries of several logs are a trace", () => {
  const names = [uniqueName("span"), uniqueName("span")];
  using log = createLogger({ target: names[0], unlinkOnClose: true, name: "db" });
  using other = ShmLogWriter.create(names[1], { unlinkOnClose: true });
  const outer = log.span("outer", { a: 1 });
  const open = log.span("open");
  log.warn({ n: 1 }, "slow");
  outer.end({ rows: 2 });
  other.writeMany([
    '{"time":"2026-11-30T05:00:00.000Z","level":"debug","logger":"ouroboros.vitals","msg":"","cpuPercent":7}',
    '{"level":"info","timestamp":"2026-11-30T05:00:00.000001500Z","message":"</script>"}',
    "no time at all",
  ]);
  const events = traceOf(...names);
  const named = events.filter(({ ph }) => ph === "M").map(({ args }) => String(args.name));
  assert.equal(named.length, 3);
  assert.ok(
    names.every((name) => named.some((label) => label.endsWith(name))) && named.includes("db"),
  );
  const spans = events.filter(({ ph }) => ph === "b" || ph === "e");
  assert.deepEqual(spans.map(({ ph, name, id }) => [ph, name, id]), [
    ["b", "outer", outer.id],
    ["b", "open", open.id],
    ["e", "outer", outer.id],
  ]);
  assert.equal(spans[0].args.a, 1);
  assert.equal(spans[2].args.rows, 2);
  assert.ok(spans[2].ts >= spans[0].ts && spans[0].ts > 1.7e15);
  assert.deepEqual(
    events.filter(({ ph }) => ph === "i").map(({ name, cat }) => [name, cat]).sort(),
    [["</script>", "info"], ["slow", "warn"]],
  );
  const [counter] = events.filter(({ ph }) => ph === "C");
  assert.deepEqual([counter.name, counter.args, counter.ts], ["CPU", { cpu: 7 }, 1796014800000000]);
  const some = traceOf(...names, "--where", "span:begin");
  assert.equal(some.filter(({ ph }) => ph !== "M").length, 2);
});

test("a span that was open in a crash has its begin in the trace", () => {
  using place = lastingLog("span-kill");
  runScript(new URL("../logger/children/span.ts", import.meta.url), [JSON.stringify(place.target)]);
  const spans = traceOf(place.name).filter(({ ph }) => ph === "b" || ph === "e");
  assert.deepEqual(spans.map(({ ph, name, args }) => [ph, name, args.url]), [
    ["b", "done", undefined],
    ["e", "done", undefined],
    ["b", "open", "/pay"],
  ]);
});

test("files of events are a trace, and no page", () => {
  const path = `${folder}/events.log`;
  {
    using log = EventLogWriter.create(path);
    for (let n = 0; n < 3; n++) {
      log.writeEvent({ timestamp: 1_700_000_000_000_000_000n + BigInt(n), type: n }, `e${n}`);
    }
    log.writeEvent({ timestamp: 1, type: 9 }, "no time");
  }
  const moments = traceOf(path).filter(({ ph }) => ph === "i");
  assert.deepEqual(moments.map(({ name, args }) => [name, args.type]), [["e0", 0], ["e1", 1], [
    "e2",
    2,
  ]]);
  assert.ok(moments.every(({ ts }) => Math.floor(ts) === 1_700_000_000_000_000));
  using log = ShmLogWriter.create(uniqueName("span"), { unlinkOnClose: true });
  log.write('{"time":1700000000000,"msg":"of the log"}');
  assert.equal(traceOf(path, log.name).filter(({ ph }) => ph === "i").length, 4);
  assert.equal(traceOf(path, "--where", "type:1").filter(({ ph }) => ph === "i").length, 1);
  const { code, stderr } = runCli(["export", path, "--html", `${folder}/x.html`]);
  assert.deepEqual([code, /exported by --trace/.test(stderr)], [2, true]);
  const both = runCli(["export", path, "--html", "x", "--trace", "y"]);
  assert.equal(both.code, 2);
});
