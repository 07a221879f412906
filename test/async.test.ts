/** The waits of async.ts, under their names of denoland/std. */

import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { abortable, abortWith, deadline, delay } from "../src/async.ts";

const never = new Promise<never>(() => {});
const before = AbortSignal.abort(new Error("before"));

test("delay() resolves after its time", async () => {
  const start = performance.now();
  await delay(5, { signal: new AbortController().signal });
  assert.ok(performance.now() - start >= 4);
  await delay(0);
});

test("delay() is rejected with the reason of its signal, aborted before or after", async () => {
  await assert.rejects(delay(60_000, { signal: before }), /before/);
  const controller = new AbortController();
  const waiting = delay(60_000, { signal: controller.signal });
  controller.abort(new Error("after"));
  await assert.rejects(waiting, /after/);
});

test("delay() of more than a timer can wait is not a short one", async () => {
  for (const milliseconds of [2 ** 31, 2 ** 32, Infinity]) {
    const stop = new AbortController();
    let isOver = false;
    const waiting = delay(milliseconds, { signal: stop.signal }).finally(() => isOver = true);
    await pause(20);
    assert.equal(isOver, false, `${milliseconds} ms are over`);
    stop.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  }
});

test("abortable() does what the promise does, or is rejected with the reason", async () => {
  assert.equal(await abortable(Promise.resolve(1), undefined), 1);
  assert.equal(await abortable(Promise.resolve(1), new AbortController().signal), 1);
  await assert.rejects(abortable(Promise.reject(new Error("no")), before), /before|no/);
  await assert.rejects(abortable(never, before), /before/);
  const controller = new AbortController();
  const waiting = abortable(never, controller.signal);
  controller.abort(new Error("after"));
  await assert.rejects(waiting, /after/);
});

test("deadline() does what the promise does, within its time and until the abort", async () => {
  assert.equal(await deadline(Promise.resolve(1), 60_000), 1);
  await assert.rejects(deadline(Promise.reject(new Error("no")), 60_000), /^Error: no$/);
  await assert.rejects(deadline(never, 1), { name: "TimeoutError" });
  await assert.rejects(deadline(never, 60_000, { signal: before }), /before/);
  const controller = new AbortController();
  const waiting = deadline(never, 60_000, { signal: controller.signal });
  controller.abort(new Error("after"));
  await assert.rejects(waiting, /after/);
});

test("a promise that fails after the wait for it has ended disturbs nobody", async () => {
  const late = Promise.withResolvers<never>();
  await assert.rejects(deadline(late.promise, 1), { name: "TimeoutError" });
  await assert.rejects(abortable(late.promise, before), /before/);
  late.reject(new Error("late"));
  await delay(5);
});

test("abortWith() aborts a controller with a signal, before or after, until it is disposed of", () => {
  const first = new AbortController();
  abortWith(first, before)[Symbol.dispose]();
  assert.equal(first.signal.aborted, true);
  const source = new AbortController();
  const [linked, unlinked] = [new AbortController(), new AbortController()];
  abortWith(linked, source.signal);
  abortWith(unlinked, source.signal)[Symbol.dispose]();
  abortWith(unlinked, undefined)[Symbol.dispose]();
  source.abort();
  assert.deepEqual([linked.signal.aborted, unlinked.signal.aborted], [true, false]);
});
