/** A line allocates nothing beyond what its caller made: by V8's own counter of allocated bytes. */

import assert from "node:assert/strict";
import test from "node:test";
import { segmentSize, Writer } from "../../mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import { allocatedBy, noCounter } from "../support/allocations.ts";

const COUNT = 100_000;

test("messages, objects and events allocate nothing of their own", { skip: noCounter }, (t) => {
  const memory = new ArrayBuffer(segmentSize(16, 65536));
  const log = createLogger({ writer: Writer.create(memory, { chunkCount: 16 }) });
  const child = log.child({ a: 1, b: "two" });
  const event = log.event("done", { id: "int", user: "string", ok: "boolean", size: "int" });
  const users = ["ada", "grace hopper", "barbara"];
  const objects = users.map((user, i) => ({ id: i, user, ok: i > 0, size: i }));
  const decimals = users.map((user, i) => ({ user, ms: i / 8 + 0.125 }));
  const paths: Record<string, () => void> = {
    message() {
      for (let i = 0; i < COUNT; i++) log.info("user logged in");
    },
    "message of a child"() {
      for (let i = 0; i < COUNT; i++) child.warn("user logged in");
    },
    "messages that are always others"() {
      for (let i = 0; i < COUNT; i++) log.info(users[i % 3]);
    },
    "object and message"() {
      for (let i = 0; i < COUNT; i++) log.info(objects[i % 3], "request done");
    },
    "object with decimals"() {
      for (let i = 0; i < COUNT; i++) log.info(decimals[i % 3], "request done");
    },
    "nested object"() {
      for (let i = 0; i < COUNT; i++) log.info(nested, "request done");
    },
    event() {
      for (let i = 0; i < COUNT; i++) event(i, users[i % 3], (i & 1) === 0, i);
    },
    off() {
      for (let i = 0; i < COUNT; i++) log.debug(objects[i % 3], "request done");
    },
  };
  // The number that the engine makes for the time.
  let sum = 0;
  const ofTime = allocatedBy(
    () => {
      for (let i = 0; i < COUNT; i++) sum = (sum + Date.now()) % 7;
    },
    COUNT,
    4,
  );
  const nested = { req: { method: "GET", path: "/x", sizes: [1, 2, 3] } };
  for (const [path, run] of Object.entries(paths)) {
    // A chunk's beginning, and a new second, take some bytes. A number with decimals that is read from an
    // object is one more of the engine's, and so is an index of an array as a key.
    const more: Record<string, number> = { "nested object": 64, "object with decimals": 16 };
    const enough = ofTime + (more[path] ?? 0) + 4;
    const bytes = allocatedBy(run, COUNT, enough);
    assert.ok(bytes < enough, `${path}: ${bytes} bytes a line, ${ofTime} of them the time`);
    t.diagnostic(`${path}: ${bytes.toFixed(1)} bytes a line, Date.now() ${ofTime.toFixed(1)}`);
  }
});
