/** What stands in a message: both directions. */

import assert from "node:assert/strict";
import test from "node:test";
import { headers as clientHeaders } from "@nats-io/nats-core";
import { headerText, textOfHeader } from "../../../src/ship/carriers/nats/headers.ts";
import { decodeMessage } from "../../../src/ship/carriers/nats/message.ts";
import { type LogSource, segmentWord } from "../../../src/ship/message.ts";
import { MessageEncoder } from "../../../src/ship/carriers/nats/message_encoder.ts";
import { subjectFilter, subjectOf, subjectToken } from "../../../src/ship/carriers/nats/subject.ts";
import { baseSeed, Random } from "../../support/random.ts";

const source: LogSource = { host: "web-1.example", name: "/app", segment: "1a-2b07-640f5e3c" };
const payload = new Uint8Array([0, 1, 2, 255]);

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
  const encoder = new MessageEncoder(source);
  const numbers = [1, 9, 10, 99, 100, 4711, 999_999, 1_000_000, 2 ** 32, Number.MAX_SAFE_INTEGER];
  for (const sequenceNumber of numbers) {
    const headers = received(encoder.entryHeaders(sequenceNumber, 1795280400123));
    assert.equal(headers.get("Nats-Msg-Id"), `web-1_example/1a-2b07-640f5e3c/${sequenceNumber}`);
    assert.deepEqual(decodeMessage(headers, payload), {
      kind: "entry",
      ...source,
      sequenceNumber,
      time: 1795280400123,
      payload,
    });
  }
});

test("an entry that was cut says how long it was", () => {
  const encoder = new MessageEncoder(source);
  const message = decodeMessage(received(encoder.entryHeaders(7, 5, 70_000)), payload);
  assert.equal(message?.kind === "entry" && message.truncatedFrom, 70_000);
  const next = decodeMessage(received(encoder.entryHeaders(8, 5)), payload);
  assert.ok(next !== undefined && !("truncatedFrom" in next));
});

test("a gap comes out of its message as it went in", () => {
  const encoder = new MessageEncoder(source);
  for (const reason of ["overwritten", "too large", "damaged", "not wanted"] as const) {
    const { headers, payload } = encoder.gap(5000, 5999, reason, 42);
    const said = received(headers);
    assert.equal(said.get("Nats-Msg-Id"), "web-1_example/1a-2b07-640f5e3c/gap/5000-5999");
    assert.deepEqual(decodeMessage(said, payload), {
      kind: "gap",
      ...source,
      from: 5000,
      to: 5999,
      count: 1000,
      reason,
      time: 42,
    });
    assert.equal(
      new TextDecoder().decode(payload),
      `{"gap":{"from":5000,"to":5999,"count":1000,"reason":"${reason}"}}`,
    );
  }
});

test("headers that were made stay as they are when others are made", () => {
  const encoder = new MessageEncoder(source);
  const all: [number, Uint8Array][] = [];
  for (let i = 1; i <= 2000; i++) all.push([i, encoder.entryHeaders(i, i)]);
  for (const [i, bytes] of all) {
    const message = decodeMessage(received(bytes), payload);
    assert.ok(message?.kind === "entry" && message.sequenceNumber === i && message.time === i);
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
    const encoder = new MessageEncoder({ ...source, host: name, name });
    const message = decodeMessage(received(encoder.entryHeaders(1, 1)), payload);
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
    assert.throws(() => new MessageEncoder(source, template), RangeError, template);
  }
});

test("messages of others are none of ours", () => {
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
  ];
  for (const [name, value] of changes) {
    const headers = good();
    headers.set(name, value);
    assert.equal(decodeMessage(headers, payload), undefined, `${name}: ${value}`);
  }
});

test(`no headers, however strange, make an error (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const names = ["Seq", "Gap", "Host", "Name", "Segment", "Time", "Truncated"];
  const values = ["1", "1-2", "1-2-3", "a", "%", "%41", "-", "", "9".repeat(16), "0"];
  for (let run = 0; run < 2000; run++) {
    const table = new Map(
      names.map((name) => [`Ouroboros-${name}`, values[random.below(values.length)]]),
    );
    const bytes = new TextEncoder().encode(["{", '{"gap":null}', "null", "x"][random.below(4)]);
    const message = decodeMessage({ get: (name) => table.get(name) ?? "" }, bytes);
    if (message !== undefined) assert.ok(message.kind === "gap" || message.sequenceNumber > 0);
  }
});

test("a segment's identity is a word", () => {
  assert.equal(segmentWord({ device: 26, inode: 0x2b07, created: 0x640f5e3c }), "1a-2b07-640f5e3c");
});
