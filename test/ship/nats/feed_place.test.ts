/** Where a feed begins; with a server that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { BusyError } from "../../../src/ship/carriers/nats/feed_errors.ts";
import { FeedEnd } from "../../../src/ship/carriers/nats/feed_end.ts";
import { FeedMessage } from "../../../src/ship/carriers/nats/feed_message.ts";
import { FeedPlace } from "../../../src/ship/carriers/nats/feed_place.ts";
import { HandledMessages } from "../../../src/ship/carriers/nats/handled.ts";

/** A consumer that was used up to message 4. */
function infoOf(more: object = {}): ConsumerInfo {
  return {
    name: "c",
    config: { ack_policy: "explicit", deliver_policy: "all" },
    ack_floor: { consumer_seq: 4, stream_seq: 4 },
    delivered: { consumer_seq: 4, stream_seq: 4 },
    num_ack_pending: 0,
    num_pending: 5,
    num_waiting: 0,
    ...more,
  } as ConsumerInfo;
}

/** What somebody else says of a consumer. */
const OTHER = "ouroboros receiver other";

/** A server whose consumer is looked at again and again. */
function managerOf(infos: ConsumerInfo[], created = () => "then") {
  const made: object[] = [];
  let claims = 0;
  const jsm = {
    streams: {
      info: () => ({
        created: created(),
        state: { first_seq: 1, last_seq: 9 },
        config: { retention: "limits" },
      }),
    },
    consumers: {
      info: () => infos.length > 1 ? infos.shift() : infos[0],
      update: (_: string, __: string, config: { description: string }) => {
        claims++;
        const described = (info: ConsumerInfo) =>
          info.config.description === OTHER && infos.length > 1 ? info : infoOf({
            ...info,
            config: { ...info.config, ...config },
          });
        infos.splice(0, infos.length, ...infos.map(described));
      },
      delete: () => true,
      add: (_: string, config: object) => {
        made.push(config);
        return infoOf({ config });
      },
    },
  } as unknown as JetStreamManager;
  return {
    jsm,
    made,
    get claims() {
      return claims;
    },
  };
}

test("a consumer that somebody asks again a moment later is in use", async () => {
  const { jsm } = managerOf([infoOf(), infoOf({ num_waiting: 1 })]);
  const place = new FeedPlace({ stream: "S", consumer: "c" }, new HandledMessages());
  await assert.rejects(place.find(jsm), BusyError);
});

test("of two who begin at once the last to say that a consumer is his has it", async () => {
  const others = infoOf({ config: { ...infoOf().config, description: OTHER } });
  const isRefused = async (infos: ConsumerInfo[]) => {
    const server = managerOf(infos);
    const place = new FeedPlace({ stream: "S", consumer: "c" }, new HandledMessages());
    const refused = await place.find(server.jsm).then(() => "", (error) => error.name);
    return [refused, server.claims];
  };
  assert.deepEqual(await isRefused([infoOf(), infoOf(), others, others]), [
    "StreamUnusableError",
    1,
  ]);
  assert.deepEqual(await isRefused([infoOf()]), ["", 1]);
  // Who works has neither time to ask nor, perhaps, his name there.
  const moved = infoOf({ ...others, delivered: { consumer_seq: 5, stream_seq: 5 } });
  assert.deepEqual(await isRefused([others, moved]), ["Error", 0]);
  assert.deepEqual(await isRefused([infoOf(), infoOf(), moved]), ["Error", 1]);
  // Who is gone has left his name there.
  assert.deepEqual(await isRefused([others]), ["", 1]);
  // What a stranger has described stays so.
  const described = infoOf({ config: { ...infoOf().config, description: "of accounting" } });
  assert.deepEqual(await isRefused([described, described]), ["", 0]);
});

test("a consumer is gone on with as it is; later it is made anew after what was handled", async () => {
  let created = "then";
  const { jsm, made } = managerOf([infoOf()], () => created);
  const handled = new HandledMessages();
  const place = new FeedPlace({ stream: "S", consumer: "c" }, handled);
  await place.find(jsm);
  assert.deepEqual([made.length, handled.floor, place.lastSequence], [0, 4, 9]);
  place.begun();
  handled.floor = 6;
  await place.find(jsm);
  // Another stream of the same name: all of it.
  created = "now";
  await place.find(jsm);
  assert.deepEqual(made.map((config) => (config as { opt_start_seq?: number }).opt_start_seq), [
    7,
    undefined,
  ]);
});

test("a consumer that was made, and of which nobody heard in time, is not made once more", async () => {
  const none = { consumer_seq: 0, stream_seq: 0 };
  const made = (deliver_policy: string, opt_start_seq?: number) =>
    infoOf({ ack_floor: none, delivered: none, config: { deliver_policy, opt_start_seq } });
  const at7 = made("by_start_sequence", 7);
  const used = { ...at7, delivered: { consumer_seq: 1, stream_seq: 7 } };
  const counts: number[] = [];
  for (const [floor, info] of [[6, at7], [5, at7], [6, used], [0, made("all")]] as const) {
    const server = managerOf([info as ConsumerInfo]);
    const handled = new HandledMessages();
    const place = new FeedPlace({ stream: "S", consumer: "c" }, handled);
    await place.find(server.jsm);
    place.begun();
    handled.floor = floor;
    server.made.length = 0;
    await place.find(server.jsm);
    counts.push(server.made.length);
  }
  assert.deepEqual(counts, [0, 1, 1, 0]);
});

test("the floor is below all that is not handled; for it one acknowledgement says all", () => {
  for (const acks of ["each", "all", "none"] as const) {
    const handled = new HandledMessages();
    handled.begin(1);
    const messages = [1, 2, 3, 5].map((n) => new FeedMessage(undefined, `r${n}`, n, n, 0, 1));
    handled.take(messages);
    const done = (...ns: number[]) =>
      handled.done(messages.filter(({ streamSequence }) => ns.includes(streamSequence)), acks)
        .map(({ reply }) => reply).join();
    const said = [done(2), done(1), done(5), done(3), done(1, 2, 3, 5)];
    assert.deepEqual(
      said,
      {
        each: ["r2", "r1", "r5", "r3", ""],
        all: ["", "r1", "", "r5", ""],
        none: ["", "", "", "", ""],
      }[acks],
    );
    assert.equal(handled.floor, 5);
    // Of an incarnation that is gone nothing counts.
    handled.begin(2);
    assert.equal(done(5), "");
  }
});

test("a stream that has forgotten its end ends, but not before that was seen twice", async () => {
  let hasMore = true;
  const end = new FeedEnd({ lastSequence: 9, mayHaveMore: () => Promise.resolve(hasMore) });
  const message = (n: number, pending: number) => new FeedMessage(undefined, "", n, n, pending, 1);
  assert.equal(await end.isReached(message(5, 4), 0), false);
  assert.equal(await end.isReached(undefined, 1000), false);
  hasMore = false;
  // Not before some time has passed, however often it is asked.
  assert.equal(await end.isReached(undefined, 1001), false);
  assert.equal(await end.isReached(undefined, 2000), false);
  assert.equal(await end.isReached(message(6, 3), 2001), false);
  assert.equal(await end.isReached(undefined, 3000), false);
  assert.equal(await end.isReached(undefined, 4000), true);
  assert.equal(await end.isReached(message(9, 1), 5000), true);
  assert.equal(await end.isReached(message(7, 0), 5000), true);
});
