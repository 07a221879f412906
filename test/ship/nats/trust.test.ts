/** What a machine can do to the entries of another, with the permissions of the guide: nothing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { headers } from "@nats-io/nats-core";
import {
  forward,
  type ForwardTrouble,
  NatsLink,
  receive,
} from "../../../src/ship/carriers/nats/mod.ts";
import { newLog } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../../support/nats_server.ts";
import { entryText } from "../../support/nats_stream.ts";

const PASSWORDS = { ADMIN: "a", WEB_1: "secret1", WEB_2: "secret2", ARCHIVE: "c" };

/** The users of the guide, as it has them. */
function usersOfGuide(): string {
  const guide = readFileSync(new URL("../../../src/guides/machines.md", import.meta.url), "utf8");
  const users = /^authorization \{[^]*?^\}/m.exec(guide)?.[0];
  assert.ok(users, "the guide has a configuration");
  return users;
}

test("with the permissions of the guide, no machine can harm another's entries", {
  skip: needsNatsServer,
}, async (t) => {
  for (const [name, password] of Object.entries(PASSWORDS)) {
    process.env[`${name}_PASSWORD`] = password;
  }
  await using server = await NatsServer.start({ config: usersOfGuide() });
  const as = (user: string, key: keyof typeof PASSWORDS) => ({
    ...{ servers: server.url, user, password: PASSWORDS[key], inboxPrefix: `_INBOX_${user}` },
  });
  await using admin = await NatsLink.open({ ...as("admin", "ADMIN"), inboxPrefix: "_INBOX" });
  const { streams } = await jetstreamClient.jetstreamManager(admin.client);
  await streams.add({ name: "LOGS", subjects: ["logs.*.*"] });
  using log = newLog();
  log.write(5);
  const troubles: string[] = [];
  await using forwarding = await forward(log.reader, {
    ...{ ...as("web-1", "WEB_1"), stream: "LOGS", host: "web-1" },
    state: join(server.folder, "state"),
    onTrouble: ({ type }: ForwardTrouble) => troubles.push(type),
  });
  await forwarding.flush();

  const name = log.reader.name;
  const { device, inode, created } = log.reader.position;
  const segment = [device, inode, created].map((number) => number.toString(16)).join("-");
  await using evil = await NatsLink.open(as("web-2", "WEB_2"));
  const refusals: string[] = [];
  evil.listen(({ type, error }) => void (type === "refused" && refusals.push(error!.message)));
  const token = name.slice(1).replaceAll(/\W/g, "_");
  const forge = async (subject: string, fields: Record<string, string>, payload = "forged") => {
    const all = headers();
    const source = { Host: "web-1", Name: name, Segment: segment, Time: "1795280400000" };
    for (const [key, value] of Object.entries({ ...source, ...fields })) {
      all.set(key.includes("-") ? key : `Ouroboros-${key}`, value);
    }
    evil.client.publish(subject, payload, { headers: all });
    await evil.client.flush();
  };
  const own = `logs.web-2.${token}`;
  const MOST = Number.MAX_SAFE_INTEGER;
  const gap = JSON.stringify({
    gap: { from: 3, to: MOST, count: MOST - 2, reason: "overwritten" },
  });
  const cases: [what: string, subject: string, fields: Record<string, string>, payload?: string][] =
    [
      ["an entry that replaces one", own, { Seq: "3" }],
      ["entries before they are there", own, { Seq: "6" }],
      ["a number from the future", own, { Seq: `${MOST}` }],
      ["a gap without an end", own, { Gap: `3-${MOST}` }, gap],
      ["ids as others may guess them", own, { Seq: "7", "Nats-Msg-Id": `web-1/${segment}/7` }],
      ["a host within the subject", `logs.web-2.web-1_${token}`, { Seq: "8" }],
    ];
  for (const [, subject, fields, payload] of cases) await forge(subject, fields, payload);
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
  const reception = receive({
    ...{ ...as("archive", "ARCHIVE"), stream: "LOGS", consumer: "archive", follow: false },
  });
  const got: string[] = [];
  for await (const item of reception) {
    assert.ok(item.kind === "entry", `a gap: ${JSON.stringify(item)}`);
    assert.equal(item.source.host, "web-1");
    got.push(item.text);
  }
  assert.deepEqual(got, Array.from({ length: 25 }, (_, i) => entryText(i + 1)));
  const { summary } = reception;
  assert.deepEqual([summary.distrustedMessages, summary.gaps], [cases.length, 0]);
  t.diagnostic(`${cases.map(([what]) => what).join(", ")}: dropped; ${refusals.join("; ")}`);
});
