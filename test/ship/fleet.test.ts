/** The simulation of a fleet gives what can be reckoned by hand. */

import assert from "node:assert/strict";
import test from "node:test";
import { type Costs, type Fleet, simulate } from "../../bench/fleet/simulation.ts";

const costs: Costs = {
  wireBytes: 350,
  storedBytes: 380,
  forwarderRate: 50_000,
  streamRate: 70_000,
  leaderSeconds: 16e-6,
  replicaSeconds: 10e-6,
  connectionBytes: 22_000,
};
const fleet: Fleet = {
  machines: 1000,
  rate: 1000,
  logEntries: 100_000,
  servers: 10,
  cores: 16,
  network: 3e9,
  disk: 1e9,
  streams: 40,
  replicas: 3,
};
const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < expected / 1e6, `${value} instead of ${expected}`);

test("a fleet within its means is late with nothing and loses nothing", () => {
  const { written, delivered, lost, mostLag, recovery } = simulate(
    fleet,
    costs,
    { title: "nothing", from: 0, to: 0 },
    100,
  );
  near(written, 1e8);
  near(delivered, 1e8);
  assert.deepEqual([lost, mostLag, recovery], [0, 0, 0]);
});

test("machines that are cut off lose what their logs don't reach back", () => {
  const trouble = { title: "cut", from: 10, to: 210, cut: 0.5 };
  const { lost, mostLag, recovery } = simulate(fleet, costs, trouble, 1000);
  // 500 machines for 200 s, of which their logs hold 100.
  near(lost, 500 * 100 * 1000);
  near(mostLag, 100);
  assert.ok(recovery > 0 && recovery < Infinity);
});

test("a stream stops when half of its copies are away, and the logs wait for it", () => {
  const away = (serversAway: number) =>
    simulate(fleet, costs, { title: "away", from: 10, to: 60, serversAway }, 1000);
  assert.equal(away(1).mostLag, 0);
  near(away(2).mostLag, 50);
  assert.equal(away(2).lost, 0);
  const alone = simulate(
    { ...fleet, replicas: 1 },
    costs,
    { title: "away", from: 10, to: 60, serversAway: 1 },
    1000,
  );
  near(alone.mostLag, 50);
});

test("what is too much for the streams is lost, and never comes to an end", () => {
  const { delivered, lost, recovery } = simulate(
    { ...fleet, streams: 10 },
    costs,
    { title: "nothing", from: 0, to: 0 },
    1000,
  );
  assert.ok(lost > 0);
  assert.equal(recovery, Infinity);
  assert.ok(delivered <= 10 * costs.streamRate * 1000);
});
