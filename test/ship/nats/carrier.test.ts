/** NATS keeps what every carrier keeps: a real server, behind a network that is cut or stands still. */

import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answers } from "../../../src/ship/carrier.ts";
import { NatsLink } from "../../../src/ship/carriers/nats/connect.ts";
import { natsCarrier } from "../../../src/ship/carriers/nats/forward.ts";
import { NatsSender } from "../../../src/ship/carriers/nats/nats_sender.ts";
import { carrierConformance } from "../../support/carrier_conformance.ts";
import { lane } from "../../support/fake_carrier.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../../support/nats_server.ts";
import { messagesOf } from "../../support/nats_stream.ts";
import { baseSeed } from "../../support/random.ts";
import { slowness } from "../../support/runtime.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

carrierConformance("NATS", async ({ mostBytes, random }) => {
  const server = await NatsServer.start({ maxPayload: mostBytes });
  const proxy = await TcpProxy.start(server.port);
  const link = await NatsLink.open({ servers: server.url });
  const { streams } = await jetstreamClient.jetstreamManager(link.client);
  await streams.add({ name: "LOGS", subjects: ["logs.>"], discard: "new" });
  let isOver = false;
  const troubles = (async () => {
    while (random !== undefined && !isOver) {
      await sleep(random.below(40));
      [() => proxy.cut(), () => proxy.stall(), () => server.freeze(true)][random.below(3)]();
      await sleep(random.below(60));
      proxy.restore();
      server.freeze(false);
      // So that something gets through.
      await sleep(60);
    }
  })();
  return {
    carrier: natsCarrier({
      ...{
        servers: proxy.url,
        stream: "LOGS",
        maxReconnectDelay: 20,
        connectTimeout: 200 * slowness,
      },
    }),
    async stored() {
      return (await messagesOf(server.url, "LOGS")).map((message) => {
        const { host, name, segment, time, filtered = 0 } = message;
        const source = { host, name, segment };
        if (message.kind === "gap") {
          const { from, to, reason } = message;
          const bytes = new Uint8Array();
          return { source, from, to, reason, filtered, bytes, cutFrom: undefined, time };
        }
        const { sequenceNumber: from, payload, truncatedFrom: cutFrom } = message;
        const bytes = new Uint8Array(payload);
        return { source, from, to: from, reason: undefined, filtered, bytes, cutFrom, time };
      });
    },
    async setFull(isFull: boolean) {
      await streams.update("LOGS", { max_msgs: isFull ? 1 : -1 });
    },
    cut: () => proxy.cut(),
    stall: () => proxy.stall(),
    restore: () => proxy.restore(),
    async [Symbol.asyncDispose]() {
      isOver = true;
      await troubles;
      await link.close();
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}, { runs: 3, messages: 4000, seed: baseSeed, skip: needsNatsServer, timeout: 120_000 * slowness });

const bytes = (text: string) => new TextEncoder().encode(text);

/** A client that publishes nothing, and hands out what is subscribed to. */
async function senderOnFake() {
  let hear: (error: Error | null, message: object) => void = () => {};
  const client = {
    ...{ info: { max_payload: 1000 }, replies: [] as string[], failure: undefined as unknown },
    isGone: false,
    isClosed: () => client.isGone,
    isDraining: () => false,
    subscribe(_: string, { callback }: { callback: typeof hear }) {
      hear = callback;
      return { unsubscribe: () => {} };
    },
    publish(_subject: string, _payload: Uint8Array, { reply }: { reply: string }) {
      if (client.failure !== undefined) throw client.failure;
      client.replies.push(reply);
    },
  };
  const said: string[] = [];
  const answers: Answers = {
    acknowledged: (attempt, ticket, isDuplicate) =>
      said.push(`ack ${attempt}.${ticket}${isDuplicate ? " again" : ""}`),
    refused: (attempt, ticket, { kind }) => said.push(`${kind} ${attempt}.${ticket}`),
    failed: (error) => said.push(String(error)),
    rejected: () => {},
    connected: () => {},
    disconnected: () => {},
  };
  const sender = await NatsSender.on({
    link: { client, isConnected: true, listen: () => () => {} } as unknown as NatsLink,
    ...{ ownsLink: false, stream: "S", subject: "s", maxMessageSize: 1e6, inboxPrefix: undefined },
    secret: new Uint8Array(16),
  }, answers);
  const send = (attempt: number, ticket: number) =>
    sender.send({
      ...{ source: lane.source, from: 1, to: 1, reason: undefined, size: 1, bytes: bytes("p") },
      ...{ filtered: 0, cutFrom: undefined, time: 0, ticket, attempt },
    });
  const answer = (subject: string, text: string, headers?: object) =>
    hear(null, { subject, data: bytes(text), headers });
  return { client, said, send, answer, hear: (error: Error) => hear(error, {}) };
}

test("what can't be published ends the forwarding, and is not thrown into a timer", async () => {
  const { client, said, send } = await senderOnFake();
  client.failure = new Error("max_payload size exceeded");
  send(1, 0);
  assert.deepEqual(said, ["Error: max_payload size exceeded"]);
  // Of one that was closed a moment ago we are about to hear.
  client.isGone = true;
  send(1, 1);
  assert.equal(said.length, 1);
});

test("a user who may not receive the answers is refused", async () => {
  const { said, hear } = await senderOnFake();
  const error = new Error("Permissions Violation for Subscription");
  error.name = "PermissionViolationError";
  hear(error);
  assert.deepEqual(said, [
    "NatsRefusedError: the NATS server refuses: Permissions Violation for Subscription",
  ]);
});

test("answers, also late ones, and garbage", async () => {
  const { client, said, send, answer } = await senderOnFake();
  send(1, 0);
  send(2, 7);
  const [first, second] = client.replies;
  answer(second, '{"stream":"S","seq":1}');
  // Like the one before, but for the number.
  answer(first, '{"stream":"S","seq":12}');
  answer(second, '{"stream":"S","seq":1,"duplicate":true}');
  answer(second, '{"error":{"code":503,"err_code":10077,"description":"full"}}');
  answer(second, '{"error":{"code":400,"err_code":10054,"description":"size"}}');
  answer(second, "", { code: 503 });
  const before = said.length;
  for (const garbage of ["", "{", "null", "7", '"x"', "[]", "{}", '{"stream":7}', "\0"]) {
    answer(second, garbage);
  }
  assert.equal(said.length, before);
  answer(`${second}x.y`, '{"stream":"S","seq":1}');
  answer(second, '{"stream":"T","seq":1}');
  assert.deepEqual(said, [
    ...["ack 2.7", "ack 1.0", "ack 2.7 again", "later 2.7", "too large 2.7", "later 2.7"],
    "ack 2.NaN",
    'StreamUnusableError: stream "T" takes "s" by now, and not "S"',
  ]);
});
