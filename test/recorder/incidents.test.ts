/** When to save: what is like something that was saved waits, and nothing is lost. */

import assert from "node:assert/strict";
import test from "node:test";
import { type Incident, Incidents } from "../../src/recorder/incidents.ts";

const HOUR = 3_600_000;

/** Incidents that are kept here; `next` resolves with the next one that is saved. */
function make(options: { after?: number; minInterval?: number } = {}) {
  const saved: Incident<string>[] = [];
  let wake: (incident: Incident<string>) => void = () => {};
  const incidents = new Incidents<string>({
    after: HOUR,
    minInterval: HOUR,
    ...options,
    save: (incident) => {
      saved.push(incident);
      wake(incident);
      return Promise.resolve();
    },
  });
  const next = () => new Promise<Incident<string>>((resolve) => wake = resolve);
  return { incidents, saved, next };
}

const error = (log: string, time: number) => ({ reason: "error", log, time });
const dead = (log: string, time: number) => ({ reason: "dead", log, time });

/** What is in an incident: `error a 2, dead b 1`. */
const inside = ({ counts }: Incident) =>
  [...counts.values()].map(({ reason, log, count }) => `${reason} ${log} ${count}`).join(", ");

test("an incident has the triggers until it is saved; the same again has to wait", async () => {
  const saved: Incident[] = [];
  let now = Promise.withResolvers<void>();
  const incidents = new Incidents({
    after: HOUR,
    minInterval: HOUR,
    save: async (incident) => {
      saved.push(incident);
      await now.promise;
    },
  });
  assert.equal(incidents.trigger({ reason: "error", time: 2 }), undefined);
  assert.equal(incidents.trigger({ reason: "fatal", time: 1 }), undefined);
  const first = incidents.flush();
  await Promise.resolve();
  // While it is being saved.
  const delays = [3, 4].map((time) => incidents.trigger({ reason: "error", time }));
  assert.deepEqual(delays.map((delay) => delay?.isFirst), [true, false]);
  assert.ok(delays.every((delay) => delay!.wait > 0 && delay!.wait <= HOUR));
  now.resolve();
  await first;
  assert.equal(saved.length, 1);
  const { reason, time, since } = saved[0];
  assert.deepEqual({ reason, time, since }, { reason: "error", time: 2, since: 1 });
  assert.equal(inside(saved[0]), "error  1, fatal  1");
  assert.deepEqual(incidents.counts, { triggers: 4, saved: 1, skipped: 2, failed: 0 });
  assert.equal(incidents.held, 2);
  now = Promise.withResolvers();
  now.reject(new Error("no room"));
  now.promise.catch(() => {});
  await incidents.saveNow("asked");
  // With what waited.
  assert.equal(inside(saved[1]), "asked  1, error  2");
  assert.equal(saved[1].since, 3);
  assert.equal(incidents.held, 0);
  assert.deepEqual(incidents.counts, { triggers: 5, saved: 1, skipped: 2, failed: 1 });
  assert.equal(incidents.takeLast(), undefined);
  assert.equal(incidents.takeLast("uncaught")?.reason, "uncaught");
});

test("another log, and another reason, does not wait for an interval, and takes along what does", async () => {
  const { incidents, saved } = make();
  incidents.trigger(error("a", 1));
  await incidents.flush();
  assert.ok(incidents.trigger(error("a", 2)));
  assert.equal(incidents.trigger(error("b", 3)), undefined);
  await incidents.flush();
  assert.ok(incidents.trigger(error("b", 4)));
  assert.equal(incidents.trigger(dead("b", 5), "b is dead"), undefined);
  await incidents.flush();
  assert.ok(incidents.trigger(dead("b", 6), "again"));
  assert.deepEqual(saved.map(inside), [
    "error a 1",
    "error b 1, error a 1",
    "dead b 1, error b 1",
  ]);
  assert.deepEqual(saved.map(({ reason, log, time, since }) => [reason, log, time, since]), [
    ["error", "a", 1, 1],
    ["error", "b", 3, 2],
    ["dead", "b", 5, 4],
  ]);
  assert.deepEqual(saved.map(({ notes }) => notes), [[], [], ["b is dead"]]);
  await incidents.finish();
  assert.deepEqual(saved[3].notes, ["again"]);
});

test("what waits is saved when its interval ends, and begins the next one", async () => {
  const { incidents, saved, next } = make({ after: 0, minInterval: 1000 });
  incidents.trigger(error("a", 1));
  await incidents.flush();
  for (const time of [2, 3]) assert.ok(incidents.trigger(error("a", time)));
  const { time, since } = await next();
  assert.deepEqual([time, since], [2, 2]);
  assert.equal(inside(saved[1]), "error a 2");
  assert.ok(incidents.trigger(error("a", 4))!.isFirst);
  // The end of the earliest one counts.
  assert.equal(saved.length, 2);
  assert.equal(inside(await next()), "error a 1");
});

test("what waits is not lost at the end", async () => {
  const { incidents, saved } = make();
  incidents.trigger(error("a", 1));
  await incidents.flush();
  incidents.trigger(error("a", 2));
  // It does not wait for what comes after it only.
  await incidents.flush();
  assert.equal(saved.length, 1);
  await incidents.finish();
  assert.equal(inside(saved[1]), "error a 1");
  incidents.trigger(error("a", 3));
  assert.equal(inside(incidents.takeLast("exit")!), "exit  1, error a 1");
  assert.equal(incidents.takeLast(), undefined);
});

test("what is being saved at the end of a process is taken by what saves at once", async () => {
  const never = Promise.withResolvers<void>();
  const incidents = new Incidents({ after: 0, minInterval: HOUR, save: () => never.promise });
  incidents.trigger(error("a", 7));
  void incidents.flush();
  await Promise.resolve();
  const { reason, time } = incidents.takeLast()!;
  assert.deepEqual([reason, time], ["error", 7]);
  incidents.trigger(error("a", 8));
  const last = incidents.takeLast("exit")!;
  // What was taken before is saved already.
  assert.deepEqual([last.reason, last.since], ["exit", 8]);
  assert.equal(inside(last), "exit  1, error a 1");
  never.resolve();
});

test("what was to be saved and has not begun is taken, too, and is not counted here", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun: string[] = [];
  const incidents = new Incidents({
    after: HOUR,
    minInterval: HOUR,
    save: ({ reason }) => {
      begun.push(reason);
      return promise;
    },
  });
  const first = incidents.saveNow("first");
  assert.equal(inside(incidents.takeLast()!), "first  1");
  await first;
  const second = incidents.saveNow("second");
  await Promise.resolve();
  const third = incidents.saveNow("third");
  incidents.trigger(error("a", 1));
  assert.equal(inside(incidents.takeLast()!), "second  1, third  1, error a 1");
  resolve();
  await Promise.all([second, third]);
  assert.deepEqual(begun, ["second"]);
  const { saved, failed } = incidents.counts;
  assert.deepEqual([saved, failed], [0, 0]);
});
