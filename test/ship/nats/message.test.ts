/** What stands in a message: both directions. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { headers as clientHeaders } from "@nats-io/nats-core";
import {
  decodeMessage,
  headerText,
  textOfHeader,
} from "../../../src/ship/carriers/nats/message.ts";
import type { Outgoing } from "../../../src/ship/carrier.ts";
import { GAP_REASONS, type LogSource, segmentWord } from "../../../src/ship/message.ts";
import { MessageEncoder } from "../../../src/ship/carriers/nats/message_encoder.ts";
import { NatsSender } from "../../../src/ship/carriers/nats/nats_sender.ts";
import {
  subjectFilter,
  subjectOf,
  subjectToken,
  subjectTrust,
} from "../../../src/ship/carriers/nats/subject.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { runtimeName } from "../../support/runtime.ts";

const source: LogSource = { host: "web-1.example", name: "/app", segment: "1a-2b07-640f5e3c" };
const payload = new Uint8Array([0, 1, 2, 255]);
const secret = new Uint8Array(16).fill(5);

/** A message to encode. */
function outgoing(from: number, time: number, more: Partial<Outgoing> = {}): Outgoing {
  return {
    ...{
      source,
      from,
      to: from,
      reason: undefined,
      filtered: 0,
      size: 4,
      bytes: payload,
      cutFrom: undefined,
      time,
    },
    ...{ ticket: 0, attempt: 1, ...more },
  };
}

/** The headers as a receiver of the real client sees them. */
function received(bytes: Uint8Array): { get(name: string): string } {
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  assert.equal(lines.shift(), "NATS/1.0");
  assert.deepEqual(lines.splice(-2), ["", ""], "ends with an empty line");
  const headers = clientHeaders();
  for (const line of lines) {
    const [, name, value] = /^([!-9;-~]+): ([ -~]+)$/.exec(line) ?? [];
    assert.ok(name, line);
    headers.append(name, value);
  }
  return headers;
}

test("an entry comes out of its message as it went in", () => {
  const encoder = new MessageEncoder(source, secret);
  const numbers = [1, 9, 10, 99, 100, 4711, 999_999, 1_000_000, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const made = numbers.flatMap((from) =>
    [[undefined, 0], [70_000, 0], [undefined, from - 1], [7, from - 1]].map(
      ([cutFrom, filtered = 0]) => {
        const message = outgoing(from, 1795280400000 + from % 1000, { cutFrom, filtered });
        return { message, bytes: encoder.entryHeaders(message) };
      },
    )
  );
  // All of them, after the last one was made: they stay as they are.
  for (const { message, bytes } of made) {
    const { from, time, cutFrom, filtered } = message;
    assert.equal(bytes.length, encoder.headersSize(message));
    assert.deepEqual(decodeMessage(received(bytes), payload), {
      kind: "entry",
      ...source,
      sequenceNumber: from,
      time,
      payload,
      ...cutFrom !== undefined && { truncatedFrom: cutFrom },
      ...filtered > 0 && { filtered },
    });
  }
});

test("a gap comes out of its message as it went in", () => {
  const encoder = new MessageEncoder(source, secret);
  for (const [i, reason] of GAP_REASONS.entries()) {
    const filtered = i % 2 === 0 ? 0 : 4999;
    const { headers, payload } = encoder.gap(outgoing(5000, 42, { to: 5999, reason, filtered }));
    const gap = { from: 5000, to: 5999, count: 1000, reason };
    assert.deepEqual(decodeMessage(received(headers), payload), {
      kind: "gap",
      ...source,
      ...gap,
      time: 42,
      ...filtered > 0 && { filtered },
    });
    assert.equal(new TextDecoder().decode(payload), JSON.stringify({ gap }));
  }
});

test("an id is the same each time, for each message another, and tells nothing of the next", () => {
  const idOf = (number: number, more: Partial<LogSource> = {}, key = secret) => {
    const encoder = new MessageEncoder({ ...source, ...more }, key);
    return received(encoder.entryHeaders(outgoing(number, 1))).get("Nats-Msg-Id");
  };
  const numbers = [1, 2, 4095, 4096, 4097, 8192, 2 ** 32, 2 ** 32 + 4096, Number.MAX_SAFE_INTEGER];
  const ids = numbers.map((number) => idOf(number));
  for (const id of ids) assert.match(id, /^[\w+/]{16}$/);
  // In any order, and by another forwarder with the same key.
  assert.deepEqual(numbers.toReversed().map((number) => idOf(number)), ids.toReversed());
  const others = [
    idOf(1, { host: "other" }),
    idOf(1, { name: "/other" }),
    idOf(1, { segment: "1-2-3" }),
    idOf(1, {}, new Uint8Array(16)),
  ];
  const encoder = new MessageEncoder(source, secret);
  for (const [from, to] of [[1, 1], [1, 2], [2, 2]]) {
    const { headers } = encoder.gap(outgoing(from, 1, { to, reason: "overwritten" }));
    others.push(received(headers).get("Nats-Msg-Id"));
  }
  for (const filtered of [1, 2]) {
    const { headers } = encoder.gap(outgoing(3, 1, { to: 4, reason: "damaged", filtered }));
    others.push(received(headers).get("Nats-Msg-Id"));
    others.push(received(encoder.entryHeaders(outgoing(4096, 1, { filtered }))).get("Nats-Msg-Id"));
  }
  assert.equal(new Set([...ids, ...others]).size, ids.length + others.length);
  // The ids of a stream's messages must be the same with every version, or a restart sends twice.
  assert.equal(ids[0], "1wT+f5QZJlHGOGsX");
});

test("a source is believed on its own subject only", () => {
  const evil = subjectTrust();
  assert.ok(evil("logs.evil.app", { ...source, host: "evil" }));
  assert.ok(!evil("logs.evil.app", source), "not what it remembers");
  const cases: [template: string | undefined, subject: string, isBelieved: boolean][] = [
    [undefined, "logs.web-1_example.app", true],
    [undefined, "logs.evil.app", false],
    [undefined, "logs.evil.web-1_example.app", false],
    [undefined, "logs.web-1_example.app.x", false],
    ["x.{name}.{segment}", "x.app.1a-2b07-640f5e3c", true],
    ["x.{name}.{segment}", "x.app.1a-2b07-640f5e3d", false],
    ["all", "all", true],
  ];
  for (const [template, subject, isBelieved] of cases) {
    const trusts = subjectTrust(template);
    assert.equal(trusts(subject, source), isBelieved, subject);
  }
});

test("any name and host goes through a header and comes back", () => {
  const names = [
    "/app",
    "./a b.log",
    "/täglich",
    "/日本",
    "/100%",
    "/a%20b",
    "/a\r\nX: y",
    " ",
    "\u{7f}",
  ];
  for (const name of names) {
    const text = headerText(name);
    assert.match(text, /^[!-~]+$/);
    assert.equal(textOfHeader(text), name);
    const encoder = new MessageEncoder({ ...source, host: name, name }, secret);
    const message = decodeMessage(received(encoder.entryHeaders(outgoing(1, 1))), payload);
    assert.deepEqual([message?.host, message?.name], [name, name]);
  }
  assert.equal(textOfHeader("%zz"), undefined);
});

test("what goes into a subject becomes one token", () => {
  assert.equal(subjectToken("/app"), "app");
  assert.equal(subjectToken("web-1.example.org"), "web-1_example_org");
  assert.equal(subjectToken("./var/log/app.log"), "__var_log_app_log");
  assert.equal(subjectToken("*>\u{1f600} "), "____");
  assert.equal(subjectToken("/"), "_");
  assert.equal(subjectOf("logs.{host}.{name}", source), "logs.web-1_example.app");
  assert.equal(subjectOf("{name}.x-{segment}", source), "app.x-1a-2b07-640f5e3c");
  assert.equal(subjectFilter("logs.{host}.x-{name}"), "logs.*.*");
});

test("a subject that can't be published to is a RangeError", () => {
  for (
    const template of ["", "a..b", ".a", "a.", "a b", "a.*", "a.>", "$JS.x", "{hots}.a", "a{b"]
  ) {
    assert.throws(() => new MessageEncoder(source, secret, template), RangeError, template);
  }
});

test("messages of others are passed over", () => {
  const good = () => {
    const headers = clientHeaders();
    headers.set("Ouroboros-Seq", "1");
    headers.set("Ouroboros-Host", "h");
    headers.set("Ouroboros-Name", "n");
    headers.set("Ouroboros-Segment", "1-2-3");
    return headers;
  };
  assert.equal(decodeMessage(good(), payload)?.kind, "entry");
  assert.equal(decodeMessage(undefined, payload), undefined);
  assert.equal(decodeMessage(clientHeaders(), payload), undefined);
  const changes: [string, string][] = [
    ["Ouroboros-Seq", "0"],
    ["Ouroboros-Seq", "-1"],
    ["Ouroboros-Seq", "1.5"],
    ["Ouroboros-Seq", "9007199254740993"],
    ["Ouroboros-Seq", "99999999999999999999"],
    ["Ouroboros-Segment", "1-2"],
    ["Ouroboros-Segment", "1-2-../x"],
    ["Ouroboros-Name", "%ff"],
    ["Ouroboros-Gap", "5-4"],
    ["Ouroboros-Gap", "0-4"],
    ["Ouroboros-Gap", "1"],
    ["Ouroboros-Gap", "1-2-3"],
    ["Ouroboros-Gap", "1-9007199254740993"],
    // More than there are before it.
    ["Ouroboros-Filtered", "1"],
  ];
  for (const [name, value] of changes) {
    const headers = good();
    headers.set(name, value);
    assert.equal(decodeMessage(headers, payload), undefined, `${name}: ${value}`);
  }
});

test(`no headers, however strange, make an error (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const names = ["Seq", "Gap", "Host", "Name", "Segment", "Time", "Truncated", "Filtered"];
  const values = ["1", "1-2", "1-2-3", "a", "%", "%41", "-", "", "9".repeat(16), "0"];
  for (let run = 0; run < 2000; run++) {
    const table = new Map(
      names.map((name) => [`Ouroboros-${name}`, values[random.below(values.length)]]),
    );
    const bytes = new TextEncoder().encode(["{", '{"gap":null}', "null", "x"][random.below(4)]);
    const message = decodeMessage({ get: (name) => table.get(name) ?? "" }, bytes);
    if (message === undefined) continue;
    const first = message.kind === "gap" ? message.from : message.sequenceNumber;
    assert.ok(first > (message.filtered ?? 0));
  }
});

test("a segment's identity is a word", () => {
  assert.equal(segmentWord({ device: 26, inode: 0x2b07, created: 0x640f5e3c }), "1a-2b07-640f5e3c");
});

test("a log that is replaced all the time takes no more and more memory", {
  skip: runtimeName !== "node" && "only Node tells",
}, async () => {
  let published = 0;
  const client = {
    isClosed: () => false,
    publish: () => published++,
    subscribe: () => ({ unsubscribe() {} }),
  };
  const link = { client, isClosed: false, isConnected: true, listen: () => () => {} };
  const options = { link, stream: "S", subject: "logs.{host}.{name}", secret };
  const sender = await NatsSender.on(options as never, {} as never);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 500; i++) {
    sender.send(
      outgoing(1, 1, {
        source: { ...source, segment: segmentWord({ device: 1, inode: i, created: 1 }) },
      }),
    );
  }
  collect();
  const { arrayBuffers } = process.memoryUsage();
  assert.equal(published, 500);
  assert.ok(arrayBuffers - before < 16 << 20, `${arrayBuffers - before} bytes more`);
  await sender.close();
});
