/** How late entries are that have no time. */

import assert from "node:assert/strict";
import test from "node:test";
import { LagClock } from "../../src/ship/progress.ts";

test("the lag is since when there was something that is not done", () => {
  const clock = new LagClock();
  clock.look(1000, 10);
  clock.look(2000, 20);
  clock.look(3000, 20);
  clock.look(4000, 30);
  assert.equal(clock.lagAfter(30, 5000), 0);
  assert.equal(clock.lagAfter(25, 5000), 1000);
  assert.equal(clock.lagAfter(20, 5000), 1000);
  assert.equal(clock.lagAfter(19, 5000), 3000);
  assert.equal(clock.lagAfter(0, 5000), 4000);
  clock.forget(20);
  assert.equal(clock.lagAfter(20, 5000), 1000);
  clock.forget(30);
  assert.equal(clock.lagAfter(30, 9000), 0);
});

test("a long lag takes no more memory, and is still about right", () => {
  const clock = new LagClock();
  for (let i = 1; i <= 100_000; i++) clock.look(i * 1000, i);
  assert.equal(clock.lagAfter(0, 100_000_000), 100_000_000 - 1000);
  const lag = clock.lagAfter(50_000, 100_000_000);
  assert.ok(lag > 45_000_000 && lag <= 50_000_000, `${lag}`);
});
