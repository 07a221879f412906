/** Headers as text: what the client says of them, without its parser. */

import assert from "node:assert/strict";
import test from "node:test";
import { headers, type MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { HeaderText } from "../../../src/ship/carriers/nats/header_text.ts";

/** A message in memory as the client has it: headers, and the payload right behind them. */
function message(fields: Record<string, string>, payload: string) {
  const all = headers() as MsgHdrsImpl;
  for (const [key, value] of Object.entries(fields)) all.append(key, value);
  const parts = ["HMSG a 1 9 9\r\n", all.encode(), payload].map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  const memory = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  return { all, payload: memory.subarray(at - parts[2].length) };
}

test("HeaderText has the values that the client has, of messages of any size", () => {
  const text = new HeaderText();
  const cases: [fields: Record<string, string>, payload: string][] = [
    [{ "Ouroboros-Seq": "1", "Ouroboros-Host": "web-1" }, "payload"],
    [{ "Ouroboros-Seq": "10", "Ouroboros-Host": "web-1" }, "payload"],
    [{ "Ouroboros-Seq": "11", "Ouroboros-Host": "web-1" }, ""],
    [{ "Ouroboros-Host": "höst", "X": " Ouroboros-Seq: 7 ", "Y": "NATS/1.0" }, "NATS/1.0\r\nA: 1"],
    [{ "Ouroboros-Host": "h".repeat(5000), "Ouroboros-Seq": "1" }, "x"],
  ];
  for (const [fields, body] of cases) {
    const { all, payload } = message(fields, body);
    assert.ok(text.find(payload), body);
    for (const name of ["Ouroboros-Seq", "Ouroboros-Host", "X", "Y", "None", "Seq"]) {
      assert.equal(text.get(name), all.get(name), name);
    }
  }
});

test("HeaderText finds nothing where no headers stand before a payload", () => {
  const text = new HeaderText();
  const { payload } = message({ "Ouroboros-Seq": "1" }, "payload");
  assert.ok(text.find(payload));
  const others = [
    new TextEncoder().encode("payload"),
    payload.slice(),
    payload.subarray(1),
    new TextEncoder().encode("MSG a 1 7\r\npayload").subarray(11),
    new TextEncoder().encode("no first line\r\n\r\npayload").subarray(17),
    message({ "X": "x".repeat(20_000) }, "payload").payload,
  ];
  for (const other of others) assert.equal(text.find(other), false);
});
