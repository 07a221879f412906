/** What an outbox sends by; with a client that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import type { NatsLink } from "../../../src/ship/carriers/nats/connect.ts";
import { NatsCarrier } from "../../../src/ship/carriers/nats/nats_carrier.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A client that publishes nothing, and hands out what is subscribed to. */
class FakeClient {
  info = { max_payload: 1000 };
  replies: string[] = [];
  failure: Error | undefined;
  closed = false;
  hear: (error: Error | null, message: object) => void = () => {};

  subscribe(_: string, { callback }: { callback: FakeClient["hear"] }) {
    this.hear = callback;
    return { unsubscribe: () => this.hear = () => {} };
  }

  publish(_subject: string, _payload: Uint8Array, { reply }: { reply: string }) {
    if (this.failure !== undefined) throw this.failure;
    this.replies.push(reply);
  }

  isClosed = () => this.closed;
  isDraining = () => false;
}

async function carrierOn(client: FakeClient) {
  const said: string[] = [];
  const link = { client, isConnected: true } as unknown as NatsLink & { client: FakeClient };
  const carrier = await NatsCarrier.on(link, { stream: "S", maxMessageSize: Infinity }, {
    acknowledged: (attempt, ticket, isDuplicate) =>
      said.push(`ack ${attempt}.${ticket}${isDuplicate ? " again" : ""}`),
    refused: (attempt, ticket, { code }) => said.push(`refused ${attempt}.${ticket}: ${code}`),
    misled: (stream) => said.push(`misled to ${stream}`),
    failed: (error) => said.push(String(error)),
  });
  const publish = (attempt: number, ticket: number) =>
    carrier.publish("s", bytes("h"), bytes("p"), attempt, ticket);
  const answer = (subject: string, text: string, headers?: object) =>
    link.client.hear(null, { subject, data: bytes(text), headers });
  return { carrier, link, said, publish, answer };
}

test("what can't be published ends the forwarding, and throws at nobody", async () => {
  const client = new FakeClient();
  const { said, publish } = await carrierOn(client);
  client.failure = new Error("max_payload size exceeded");
  publish(1, 0);
  assert.deepEqual(said, ["Error: max_payload size exceeded"]);
  // Of one that was closed a moment ago we are about to hear.
  client.closed = true;
  publish(1, 1);
  assert.equal(said.length, 1);
});

test("who may not hear the answers is refused", async () => {
  const client = new FakeClient();
  const { said } = await carrierOn(client);
  const error = new Error("Permissions Violation for Subscription");
  error.name = "PermissionViolationError";
  client.hear(error, {});
  assert.deepEqual(said, [
    "NatsRefusedError: the NATS server refuses: Permissions Violation for Subscription",
  ]);
});

test("answers, also late ones, and garbage", async () => {
  const client = new FakeClient();
  const { said, publish, answer } = await carrierOn(client);
  publish(1, 0);
  publish(2, 7);
  const [first, second] = client.replies;
  answer(second, '{"stream":"S","seq":1}');
  // Like the one before, but for the number.
  answer(first, '{"stream":"S","seq":12}');
  answer(second, '{"stream":"S","seq":1,"duplicate":true}');
  answer(second, '{"error":{"code":503,"err_code":10077,"description":"full"}}');
  answer(second, "", { code: 503 });
  const before = said.length;
  for (const garbage of ["", "{", "null", "7", '"x"', "[]", "{}", '{"stream":7}', "\0"]) {
    answer(second, garbage);
  }
  assert.equal(said.length, before);
  answer(`${second}x.y`, '{"stream":"S","seq":1}');
  answer(second, '{"stream":"T","seq":1}');
  assert.deepEqual(said, [
    "ack 2.7",
    "ack 1.0",
    "ack 2.7 again",
    "refused 2.7: 10077",
    "refused 2.7: 0",
    "ack 2.NaN",
    "misled to T",
  ]);
});

test("a connection that is closed is not listened to; the next one is", async () => {
  const [old, next] = [new FakeClient(), new FakeClient()];
  old.closed = true;
  const { carrier, link, said, publish, answer } = await carrierOn(old);
  assert.equal(carrier.isConnected, false);
  (link as { client: unknown }).client = next;
  carrier.attach();
  assert.equal(carrier.isConnected, true);
  publish(1, 3);
  answer(next.replies[0], '{"stream":"S","seq":1}');
  assert.deepEqual(said, ["ack 1.3"]);
});
