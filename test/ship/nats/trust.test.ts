/** What a machine can do to the entries of another, with the permissions of the guide: nothing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { headers } from "@nats-io/nats-core";
import { SharedMemory } from "../../../ffi/mod.ts";
import {
  forward,
  type ForwardTrouble,
  NatsLink,
  receive,
  receiveInto,
} from "../../../src/ship/carriers/nats/mod.ts";
import { templatesOf } from "../../../src/ship/carriers/nats/subject.ts";
import { laneOf } from "../../../src/ship/out_message.ts";
import { newLog } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { sourceOf } from "../../support/nats_publisher.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { entryText } from "../../support/nats_stream.ts";
import { ReceiveTests } from "../../support/receiving.ts";
import { uniqueName } from "../../support/runtime.ts";

const PASSWORDS = { ADMIN: "a", WEB_1: "secret1", WEB_2: "secret2", ARCHIVE: "c" };
const MOST = Number.MAX_SAFE_INTEGER;

/** The users of the guide, as it has them. */
function usersOfGuide(): string {
  const guide = readFileSync(new URL("../../../src/guides/machines.md", import.meta.url), "utf8");
  const users = /^authorization \{[^]*?^\}/m.exec(guide)?.[0];
  assert.ok(users, "the guide has a configuration");
  return users;
}

natsTest("with the permissions of the guide, no machine can harm another's entries", async (t) => {
  for (const [name, password] of Object.entries(PASSWORDS)) {
    process.env[`${name}_PASSWORD`] = password;
  }
  await using server = await NatsServer.start({ config: usersOfGuide() });
  const as = (user: string, key: keyof typeof PASSWORDS) => ({
    ...{ servers: server.url, user, password: PASSWORDS[key], inboxPrefix: `_INBOX_${user}` },
  });
  await using admin = await NatsLink.open({ ...as("admin", "ADMIN"), inboxPrefix: "_INBOX" });
  const { streams } = await jetstreamClient.jetstreamManager(admin.client);
  await streams.add({ name: "LOGS", subjects: ["logs.>"] });
  using log = newLog();
  log.write(5);
  const troubles: string[] = [];
  await using forwarding = await forward(log.reader, {
    ...{ ...as("web-1", "WEB_1"), stream: "LOGS", host: "web-1" },
    state: join(server.folder, "state"),
    onTrouble: ({ type }: ForwardTrouble) => troubles.push(type),
  });
  await forwarding.flush();

  const { source: { name, segment } } = laneOf(log.reader, "web-1");
  await using evil = await NatsLink.open(as("web-2", "WEB_2"));
  const refusals: string[] = [];
  evil.listen(({ type, error }) => void (type === "refused" && refusals.push(error!.message)));
  const token = name.slice(1).replaceAll(/\W/g, "_");
  const forge = async (subject: string, fields: Record<string, string>) => {
    const all = headers();
    const source = { Host: "web-1", Name: name, Segment: segment, Time: "1795280400000" };
    for (const [key, value] of Object.entries({ ...source, ...fields })) {
      all.set(key.includes("-") ? key : `Ouroboros-${key}`, value);
    }
    evil.client.publish(subject, "forged", { headers: all });
    await evil.client.flush();
  };
  const own = `logs.web-2.${token}`;
  const cases: [what: string, subject: string, fields: Record<string, string>][] = [
    ["an entry that replaces one", own, { Seq: "3" }],
    ["entries before they are there", own, { Seq: "6" }],
    ["a number from the future", own, { Seq: `${MOST}` }],
    ["a gap without an end", own, { Gap: `3-${MOST}` }],
    ["the same, on a subject that ends like the real one", `logs.web-2.web-1.${token}`, {
      Gap: `3-${MOST}`,
    }],
    ["another segment of the log", own, { Segment: "9-9-9", Seq: "1" }],
    ["another log of the machine", own, { Name: "/db", Seq: "1" }],
    ["ids as others may guess them", own, { Seq: "7", "Nats-Msg-Id": `web-1/${segment}/7` }],
    ["a host within the subject", `logs.web-2.web-1_${token}`, { Seq: "8" }],
  ];
  const forgeAll = async () => {
    for (const [, subject, fields] of cases) await forge(subject, fields);
  };
  await forgeAll();
  // What the server itself refuses: the subject of another, listening to others, answers to others.
  await forge(`logs.web-1.${token}`, { Seq: "9" });
  evil.client.subscribe("logs.>", { callback: () => {} });
  evil.client.subscribe("_INBOX_web-1.>", { callback: () => {} });
  evil.client.publish("_INBOX_web-1.x", '{"stream":"LOGS","seq":1}');
  await evil.client.flush();
  while (refusals.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));

  log.write(20);
  await forwarding.flush();
  const { sent, acknowledged, duplicates } = forwarding.stats;
  assert.deepEqual([sent, acknowledged, duplicates, troubles], [25, 25, 0, []]);
  const common = { ...as("archive", "ARCHIVE"), stream: "LOGS", follow: false };
  const reception = receive({ ...common, consumer: "archive" });
  const got: string[] = [];
  for await (const item of reception) {
    assert.ok(item.kind === "entry", `a gap: ${JSON.stringify(item)}`);
    assert.equal(item.source.host, "web-1");
    got.push(item.text);
  }
  assert.deepEqual(got, Array.from({ length: 25 }, (_, i) => entryText(i + 1)));
  const { summary } = reception;
  assert.deepEqual([summary.distrustedMessages, summary.gaps], [cases.length, 0]);
  // A receiver into a log does the same, and one that knows how far it was.
  const into = uniqueName("trust");
  try {
    // The forged id is known to the server by the second time.
    for (const expected of [[25, 25, cases.length, 0], [1, 26, cases.length - 1, 0]]) {
      const found = await receiveInto(into, { ...common, consumer: "into" });
      const { entries, lastSequenceNumber, distrustedMessages, gaps } = found;
      assert.deepEqual([entries, lastSequenceNumber, distrustedMessages, gaps], expected);
      await forgeAll();
      log.write(1);
      await forwarding.flush();
    }
  } finally {
    for (const one of [into, `${into}.origin`]) SharedMemory.unlink(one);
  }
  t.diagnostic(`${cases.map(([what]) => what).join(", ")}: dropped; ${refusals.join("; ")}`);
});

const tests = new ReceiveTests();

natsTest("a machine may say anything of its own log, which silences no other", async () => {
  const stream = await tests.newStream();
  const [web, evil] = [sourceOf("web"), sourceOf("evil")];
  await tests.publisher.entries(stream, evil, [1]);
  await tests.publisher.gap(stream, evil, 2, MOST);
  await tests.publisher.entries(stream, evil, [2]);
  await tests.publisher.entries(stream, web, [1, 2]);
  const { words, summary } = await tests.received({ stream });
  assert.equal(words, `evil1 evil[2-${MOST} overwritten] web1 web2`);
  assert.equal(summary.distrustedMessages, 0);
});

natsTest("forwarders with a subject of their own are believed by their template", async () => {
  const fields = { Host: "a", Name: "/app", Segment: "1-2-3", Seq: "1" };
  const names = Object.entries(fields).map(([key, value]) => [`Ouroboros-${key}`, value]);
  const publish = (stream: string) =>
    tests.publisher.raw(`${stream}.7.a.app`, "a says 1", Object.fromEntries(names));
  const stream = await tests.newStream();
  await publish(stream);
  const { words, summary } = await tests.received({ stream });
  assert.deepEqual([words, summary.distrustedMessages], ["", 1]);
  const template = `${stream}.7.{host}.{name}`;
  assert.equal((await tests.received({ stream, template })).words, "a1");
  // And without it, where the subjects of the stream say the same.
  const other = await tests.newStream({ subjects: ["other.7.*.*"] });
  await publish("other");
  assert.equal((await tests.received({ stream: other })).words, "a1");
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
    [["$JS.EVENT.ADVISORY.>", "a{b}.*", "logs.7.>"], ["logs.7.{host}.{name}"]],
  ];
  for (const [subjects, templates] of cases) {
    assert.deepEqual(templatesOf(subjects), ["logs.{host}.{name}", ...templates], subjects.join());
  }
});
