/** Followers that always find another item, beside all else that a process does. */

import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { polled } from "../src/following.ts";
import { LiveMerge } from "../src/merge.ts";

/** Works for that long, in milliseconds. */
function work(duration: number): void {
  const start = performance.now();
  while (performance.now() - start < duration);
}

/** How many steps of a follower it takes until a socket of this process is answered. */
async function stepsUntilAnswer(steps: AsyncIterable<unknown>): Promise<number> {
  const server = createServer((socket) => socket.end("answer"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let isAnswered = false;
  let count = 0;
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1").on("data", () => isAnswered = true);
  try {
    for await (const _ of steps) if (isAnswered || ++count === 1000) break;
    return count;
  } finally {
    client.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await immediate();
  }
}

// Of the turns of setImmediate() alone it takes Deno about 180.
const MOST = 90;

test("sockets have their turn while a follower always finds another item", async () => {
  const items = polled(() => (work(11), 1), 10, undefined);
  const count = await stepsUntilAnswer(items);
  assert.ok(count < MOST, `${count} items`);
});

test("sockets have their turn while logs that are merged always have more", async () => {
  const merge = new LiveMerge<{ time: number }>({ hold: 0 });
  const source = {
    isEnded: false,
    poll() {
      work(11);
      return Array.from({ length: 5000 }, () => ({ time: 0 }));
    },
  };
  merge.add(source as never);
  const count = await stepsUntilAnswer(merge.merged());
  assert.ok(count < MOST, `${count} rounds`);
});
