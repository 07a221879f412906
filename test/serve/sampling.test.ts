/** How many entries come, and which of them a page gets where they are too many. */

import assert from "node:assert/strict";
import test from "node:test";
import { RateMeter } from "../../src/cli/serve/rate_meter.ts";
import { sample, Sampler } from "../../src/cli/serve/sampling.ts";
import { Random } from "../support/random.ts";

test("RateMeter gives what counts grew by in the last second", () => {
  const meter = new RateMeter();
  assert.equal(meter.perSecond(0), 0);
  for (let time = 0; time <= 5000; time += 250) meter.add(time, [time / 10, 7]);
  assert.equal(meter.perSecond(0), 100);
  assert.equal(meter.perSecond(1), 0);
  meter.add(5500, [500, 9]);
  assert.equal(meter.perSecond(0), (500 - 450) / 1);
  assert.equal(meter.perSecond(1), 2);
});

test("RateMeter of counts that start again gives no rate below zero", () => {
  const meter = new RateMeter();
  meter.add(0, [1000]);
  meter.add(500, [3]);
  assert.equal(meter.perSecond(0), 0);
});

test("Sampler takes all while there are no more than wanted", () => {
  const sampler = new Sampler();
  sampler.expect(100, 100);
  for (let number = 1; number <= 100; number++) assert.ok(sampler.takes(number));
});

test("Sampler takes about as many as wanted, of every rhythm", () => {
  // A seed, for by chance none of the rhythm is taken once in twenty thousand runs.
  const random = new Random(1);
  const sampler = new Sampler(() => random.below(2 ** 31) / 2 ** 31);
  sampler.expect(100_000, 1000);
  assert.equal(sampler.stride, 100);
  let [count, ofRhythm] = [0, 0];
  for (let number = 1; number <= 100_000; number++) {
    if (!sampler.takes(number)) continue;
    count++;
    if (number % 100 === 0) ofRhythm++;
  }
  assert.ok(count > 900 && count < 1100, `${count} taken`);
  // A tenth of 1 % would be 1; a sampler in step with the rhythm takes none, or all.
  assert.ok(ofRhythm > 0 && ofRhythm < 100, `${ofRhythm} of the rhythm taken`);
  sampler.expect(10, 1000);
  assert.ok(sampler.takes(100_001), "takes all again at once");
});

test("sample() keeps order, takes as many as wanted, and one of each part", () => {
  const items = Array.from({ length: 1003 }, (_, i) => i);
  assert.equal(sample(items, 1003), items);
  const some = sample(items, 10);
  assert.equal(some.length, 10);
  for (const [part, item] of some.entries()) {
    assert.ok(item >= Math.floor(part * 100.3) && item < Math.floor((part + 1) * 100.3));
  }
  assert.deepEqual(sample(items, 0), []);
  assert.deepEqual(sample(items, 2, () => 0), [0, 501]);
});
