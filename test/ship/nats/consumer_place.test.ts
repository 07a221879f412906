/** Where a receiver begins, when the server fails between two of its answers. */

import assert from "node:assert/strict";
import test from "node:test";
import type { ConsumerConfig, JetStreamManager } from "@nats-io/jetstream";
import { ConsumerPlace } from "../../../src/ship/carriers/nats/consumer_place.ts";

test("a consumer that was deleted, and not made again in time, is made where it was", async () => {
  const made: Partial<ConsumerConfig>[] = [];
  let isThere = true;
  const info = {
    ...{ name: "c", num_waiting: 0, num_ack_pending: 3, num_pending: 0 },
    config: {
      durable_name: "c",
      deliver_policy: "all",
      ack_policy: "explicit",
      description: "mine",
    },
    ack_floor: { consumer_seq: 4, stream_seq: 4 },
    delivered: { consumer_seq: 7, stream_seq: 7 },
  };
  const jsm = {
    streams: {
      info: () =>
        Promise.resolve({
          ...{ created: "now", config: { retention: "limits", subjects: ["S.>"] } },
          state: { first_seq: 1, last_seq: 9, messages: 9, bytes: 900 },
        }),
    },
    consumers: {
      info: () =>
        isThere
          ? Promise.resolve(info)
          : Promise.reject(Object.assign(new Error("gone"), { name: "ConsumerNotFoundError" })),
      delete: () => Promise.resolve(isThere = false),
      add(_stream: string, config: Partial<ConsumerConfig>) {
        made.push(config);
        return made.length === 1
          ? Promise.reject(Object.assign(new Error("late"), { name: "TimeoutError" }))
          : Promise.resolve({ ...info, config, delivered: { consumer_seq: 0, stream_seq: 0 } });
      },
    },
  } as unknown as JetStreamManager;
  const place = new ConsumerPlace({ stream: "S", consumer: "c", from: "new" });
  await assert.rejects(place.find(jsm), /late/);
  await place.find(jsm);
  // Not after the newest message, where a consumer begins that was never there.
  for (const { opt_start_seq, description } of made) {
    assert.deepEqual([opt_start_seq, description], [5, "mine"]);
  }
  assert.equal(made.length, 2);
});
