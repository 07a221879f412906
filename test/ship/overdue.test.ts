/** Answers that are overdue. */

import assert from "node:assert/strict";
import test from "node:test";
import { Overdue } from "../../src/ship/overdue.ts";

test("what is the same at five looks is overdue, and nothing is after a change", () => {
  const overdue = new Overdue(100);
  assert.equal(overdue.interval, 25);
  const looks = (attempt: number, awaited: number, count: number) =>
    Array.from({ length: count }, () => overdue.look(attempt, awaited));
  assert.deepEqual(looks(1, 7, 5), [false, false, false, false, true]);
  assert.deepEqual(looks(1, 8, 4), [false, false, false, false]);
  assert.deepEqual(looks(2, 8, 4), [false, false, false, false]);
  assert.deepEqual(looks(2, -3, 5), [false, false, false, false, true]);
});
