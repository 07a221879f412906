/** What publishers may claim who are let into a stream: the logs of others stay as they are. */

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { headers } from "@nats-io/nats-core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { SharedMemory } from "../../../ffi/mod.ts";
import { HEADERS } from "../../../src/ship/carriers/nats/message.ts";
import { NatsLink, receive, receiveInto } from "../../../src/ship/carriers/nats/mod.ts";
import type { ReceiveOptions } from "../../../src/ship/carriers/nats/receive.ts";
import { templatesOf } from "../../../src/ship/carriers/nats/subject.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../../support/nats_server.ts";
import { slowness, uniqueName } from "../../support/runtime.ts";

const skip = needsNatsServer;
const timeout = 60_000 * slowness;
/** The log that is attacked, and what the attacker's own is. */
const web = { host: "web-1", name: "/app", segment: "1a-2b-3c" };
const evil = { host: "evil", name: "/x", segment: "1-2-3" };
let server: NatsServer;
let admin: NatsLink;
let owner: NatsConnection;
let attacker: NatsConnection;

before(async () => {
  if (skip) return;
  // As the guide says it: who publishes may publish to the subjects of its own machine.
  const user = (name: string, subject: string) =>
    `{ user: ${name}, password: p, permissions: {
      publish: ["${subject}"], subscribe: ["_INBOX.>"] } }`;
  server = await NatsServer.start({
    config: `authorization { users: [
      { user: admin, password: p }, ${user("web", "logs.web-1.*")}, ${user("evil", "logs.evil.>")}
    ] }`,
  });
  const as = (name: string) => connect({ servers: server.url.slice(7), user: name, pass: "p" });
  admin = await NatsLink.open({ servers: server.url, user: "admin", password: "p" });
  [owner, attacker] = [await as("web"), await as("evil")];
});
after(async () => {
  await owner?.close();
  await attacker?.close();
  await admin?.close();
  await server?.[Symbol.asyncDispose]();
});

/** What a message claims. */
interface Claim {
  source: typeof web;
  seq?: number;
  gap?: string;
}

/** Publishes a message that claims something. */
async function publish(as: NatsConnection, subject: string, claim: Claim): Promise<void> {
  const { source: { host, name, segment }, seq, gap } = claim;
  const fields = headers();
  const values: [string, string][] = [
    [HEADERS.host, host],
    [HEADERS.name, name],
    [HEADERS.segment, segment],
    ...seq === undefined ? [] : [[HEADERS.sequenceNumber, `${seq}`] as [string, string]],
    ...gap === undefined ? [] : [[HEADERS.gap, gap] as [string, string]],
  ];
  for (const [key, value] of values) fields.set(key, value);
  const text = as === attacker ? `forged ${seq}` : `real ${seq}`;
  as.publish(subject, text, { headers: fields });
  await as.flush();
}

async function newStream(subjects: string[] = ["logs.>"]): Promise<void> {
  const { streams } = await jetstreamClient.jetstreamManager(admin.client);
  await streams.delete("TRUST").catch(() => {});
  await streams.add({ name: "TRUST", subjects, duplicate_window: 0 });
}

/** Waits until the stream has so many messages. */
async function untilStored(count: number): Promise<void> {
  const { streams } = await jetstreamClient.jetstreamManager(admin.client);
  while ((await streams.info("TRUST")).state.messages < count) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** All that is received, in words. */
async function received(
  options: Partial<ReceiveOptions> = {},
): Promise<{ words: string; distrusted: number; foreign: number }> {
  const reception = receive({
    link: admin,
    stream: "TRUST",
    follow: false,
    maxHold: 100,
    ...options,
  });
  const words: string[] = [];
  for await (const item of reception) {
    const { host } = item.source;
    words.push(
      item.kind === "entry" ? `${host}: ${item.text}` : `${host}: gap ${item.from}-${item.to}`,
    );
  }
  const { distrustedMessages: distrusted, foreignMessages: foreign } = reception.summary;
  return { words: words.join(", "), distrusted, foreign };
}

const ALL = [1, 2, 3, 4].map((number) => `web-1: real ${number}`).join(", ");

/** What is claimed of a log of another machine, from subjects that the attacker may publish to. */
const forgeries: [title: string, subject: string, claim: Claim][] = [
  ["an entry in the place of a real one", "logs.evil.x", { source: web, seq: 3 }],
  ["an entry from the future", "logs.evil.x", { source: web, seq: Number.MAX_SAFE_INTEGER }],
  ["a gap over all that is to come", "logs.evil.x", { source: web, gap: "3-9007199254740991" }],
  ["a gap, below a subject that ends like the real one", "logs.evil.web-1.app", {
    source: web,
    gap: "3-9007199254740991",
  }],
  ["another segment of the log", "logs.evil.app", { source: { ...web, segment: "9-9-9" }, seq: 1 }],
  ["another log of the machine", "logs.evil.app", { source: { ...web, name: "/db" }, seq: 1 }],
];

for (const [title, subject, claim] of forgeries) {
  test(
    `forged by another machine: ${title}: passed over, and counted`,
    { skip, timeout },
    async () => {
      await newStream();
      for (const seq of [1, 2]) await publish(owner, "logs.web-1.app", { source: web, seq });
      await untilStored(2);
      await publish(attacker, subject, claim);
      await untilStored(3);
      for (const seq of [3, 4]) await publish(owner, "logs.web-1.app", { source: web, seq });
      await untilStored(5);
      assert.deepEqual(await received(), { words: ALL, distrusted: 1, foreign: 0 });
      // A receiver into a log does the same, and one that knows how far it was.
      const name = uniqueName("trust");
      try {
        const common = { link: admin, stream: "TRUST", consumer: "into", follow: false };
        const { entries, gaps, distrustedMessages } = await receiveInto(name, common);
        assert.deepEqual([entries, gaps, distrustedMessages], [4, 0, 1]);
        await publish(attacker, subject, claim);
        await publish(owner, "logs.web-1.app", { source: web, seq: 5 });
        await untilStored(7);
        const next = await receiveInto(name, common);
        assert.deepEqual([next.entries, next.gaps, next.lastSequenceNumber], [1, 0, 5]);
      } finally {
        for (const one of [name, `${name}.origin`]) SharedMemory.unlink(one);
      }
    },
  );
}

test("forged by another machine: it may not publish where the real entries are", {
  skip,
  timeout,
}, async () => {
  await newStream();
  await publish(owner, "logs.web-1.app", { source: web, seq: 1 });
  await publish(attacker, "logs.web-1.app", { source: web, seq: 2 });
  await publish(attacker, "logs.evil.x", { source: evil, seq: 1 });
  await untilStored(2);
  assert.equal((await received()).words, "web-1: real 1, evil: forged 1");
});

test("a machine may say anything of its own log, which silences no other", {
  skip,
  timeout,
}, async () => {
  await newStream();
  await publish(attacker, "logs.evil.x", { source: evil, seq: 1 });
  await publish(attacker, "logs.evil.x", { source: evil, gap: "2-9007199254740991" });
  await publish(attacker, "logs.evil.x", { source: evil, seq: 2 });
  await untilStored(3);
  for (const seq of [1, 2, 3, 4]) await publish(owner, "logs.web-1.app", { source: web, seq });
  await untilStored(7);
  const { words, distrusted } = await received();
  assert.equal(words, `evil: forged 1, evil: gap 2-9007199254740991, ${ALL}`);
  assert.equal(distrusted, 0);
});

test("forwarders with a subject of their own are believed by their template", {
  skip,
  timeout,
}, async () => {
  await newStream(["logs.>"]);
  await publish(attacker, "logs.evil.7.evil.x", { source: evil, seq: 1 });
  await untilStored(1);
  assert.deepEqual(await received(), { words: "", distrusted: 1, foreign: 0 });
  const { words } = await received({ template: "logs.evil.7.{host}.{name}" });
  assert.equal(words, "evil: forged 1");
  // And without it, where the subjects of the stream say the same.
  await newStream(["logs.evil.7.*.*"]);
  await publish(attacker, "logs.evil.7.evil.x", { source: evil, seq: 1 });
  await untilStored(1);
  assert.equal((await received()).words, "evil: forged 1");
  assert.throws(() => receive({ stream: "S", template: "logs.{what}" }), RangeError);
});

test("templatesOf() puts host and name where the first wildcard of a stream is", () => {
  const cases: [subjects: string[], templates: string[]][] = [
    [["logs.>"], []],
    [["logs.*.*"], []],
    [[], []],
    [["logs.7.>", "logs.8.*.*"], ["logs.7.{host}.{name}", "logs.8.{host}.{name}"]],
    [["S.web-1.app"], ["S.{host}.{name}"]],
    [[">"], ["{host}.{name}"]],
  ];
  for (const [subjects, templates] of cases) {
    assert.deepEqual(templatesOf(subjects), ["logs.{host}.{name}", ...templates], subjects.join());
  }
});
