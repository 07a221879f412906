/** Quantiles of many values, in bounded memory. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { Quantiles } from "../../src/records/quantiles.ts";
import { Field } from "../../src/records/question/field.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { Summary } from "../../src/records/summary.ts";

test("quantiles of a few values are values: the nearest rank", () => {
  const quantiles = new Quantiles();
  for (const value of [5, 1, 4, 2, 3]) quantiles.add(value);
  assert.deepEqual([0, 0.2, 0.5, 0.9, 0.99, 1].map((part) => quantiles.at(part)), [
    1,
    1,
    3,
    5,
    5,
    5,
  ]);
  assert.deepEqual([quantiles.count, quantiles.least, quantiles.most], [5, 1, 5]);
  assert.equal(quantiles.isExact, true);
});

test("quantiles of nothing are not a number", () => {
  const quantiles = new Quantiles();
  for (const value of [NaN, Infinity, -Infinity]) quantiles.add(value);
  assert.equal(quantiles.count, 0);
  assert.ok(Number.isNaN(quantiles.at(0.5)));
});

test("quantiles of many values of any size and sign are within 0.5 %", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  const shapes: Record<string, () => number> = {
    even: () => next() * 1000,
    logarithmic: () => Math.exp(next() * 40 - 20),
    "of both signs": () => (next() - 0.5) * 1e6,
    "with zeros": () => next() < 0.6 ? 0 : next(),
    same: () => 7,
    huge: () => 1e308 * (0.5 + next() / 2),
    tiny: () => Number.MIN_VALUE * Math.ceil(next() * 100),
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const quantiles = new Quantiles(100);
    const values = Array.from({ length: 20_000 }, shape);
    values.forEach((value) => quantiles.add(value));
    values.sort((a, b) => a - b);
    assert.equal(quantiles.isExact, false);
    for (const part of [0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = values[Math.max(0, Math.ceil(part * values.length) - 1)];
      const error = Math.abs(quantiles.at(part) - exact);
      const most = 0.005 * Math.abs(exact) + Number.MIN_VALUE;
      assert.ok(error <= most, `seed ${seed}: ${name}, ${part}: ${quantiles.at(part)}, ${exact}`);
    }
  }
});

test("groups beyond the limit are one, and long values are cut", () => {
  const summary = new Summary({ by: [new Field("id")] });
  for (let id = 0; id < 100_010; id++) {
    const text = `{"level":30,"id":"${id}"}`;
    summary.add({ ...recognizeRecord('{"level":30}')!, fields: { id: `${id}` } }, text);
  }
  const groups = summary.groups();
  assert.equal(groups.length, 100_001);
  assert.deepEqual([groups.at(-1)!.isRest, groups.at(-1)!.count], [true, 10]);
  const long = new Summary({ by: [new Field("id")] });
  long.add({ ...recognizeRecord('{"level":30}')!, fields: { id: "x".repeat(10_000) } }, "");
  assert.equal(long.groups()[0].values[0]?.length, 257);
});

test("groups of several fields are different ones, whatever is in their values", () => {
  const summary = new Summary({ by: [new Field("a"), new Field("b")] });
  const add = (fields: object) =>
    summary.add({ ...recognizeRecord('{"level":30}')!, fields: { ...fields } }, "");
  add({ a: "x\0=y", b: "z" });
  add({ a: "x", b: "y\0=z" });
  add({ a: "", b: "z" });
  add({ b: "z" });
  assert.equal(summary.groups().length, 4);
});

test("intervals in which nothing happened are groups, but not if a clock was wrong for once", () => {
  const summary = new Summary({ every: 10 });
  for (const time of [35, 5, 3, 10]) summary.add(undefined, "", time);
  summary.add(undefined, "");
  assert.deepEqual(
    summary.groups().map(({ start, count }) => [start, count]),
    [[0, 2], [10, 1], [20, 0], [30, 1]],
  );
  assert.equal(summary.untimed, 1);
  summary.add(undefined, "", 1e12);
  assert.deepEqual(summary.groups().map(({ start }) => start), [0, 10, 30, 1e12]);
  // Parts of a millisecond are no whole numbers.
  const fine = new Summary({ every: 0.1 });
  for (const time of [0.05, 0.75]) fine.add(undefined, "", time);
  assert.deepEqual(fine.groups().map(({ count }) => count), [1, 0, 0, 0, 0, 0, 0, 1]);
});
