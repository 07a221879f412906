/** Waiting for what may never come. */

import assert from "node:assert/strict";
import test from "node:test";
import { unlessAborted, within } from "../../src/nats/server/within.ts";

const never = new Promise<never>(() => {});

test("within() says whether it was in time, and takes no failure for success", async () => {
  assert.equal(await within(Promise.resolve(1), 60_000), true);
  assert.equal(await within(Promise.reject(new Error("no")), 60_000), false);
  assert.equal(await within(never, 1), false);
  assert.equal(await within(never, 60_000, AbortSignal.abort()), false);
  const controller = new AbortController();
  const waiting = within(never, 60_000, controller.signal);
  controller.abort();
  assert.equal(await waiting, false);
});

test("unlessAborted() ends with the reason, before or after", async () => {
  assert.equal(await unlessAborted(Promise.resolve(1), undefined), 1);
  assert.equal(await unlessAborted(Promise.resolve(1), new AbortController().signal), 1);
  await assert.rejects(unlessAborted(never, AbortSignal.abort(new Error("before"))), /before/);
  const controller = new AbortController();
  const waiting = unlessAborted(never, controller.signal);
  controller.abort(new Error("after"));
  await assert.rejects(waiting, /after/);
});
