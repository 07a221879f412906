/** `tail` with the entries around those that match, and the first of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../src/cli/tail/context.ts";
import type { Item } from "../../src/cli/tail/items.ts";
import { Entry } from "../../src/log/entry.ts";
import { testFolder } from "../support/folder.ts";
import { messages, requestLogs, START, tail } from "../support/request_logs.ts";
import { slowness } from "../support/runtime.ts";

const folder = testFolder("tail-context");
const { db, web, write } = requestLogs(folder);

test("-A, -B and -C print what is around, with -- between groups", () => {
  assert.deepEqual(
    tail(web, "--where", "status:503", "-C", "1", "--fields", "msg", "-otext"),
    [
      "request 3",
      "request 4",
      "request 5",
      "--",
      "request 8",
      "request 9",
      "request 10",
      "--",
      "request 13",
      "request 14",
      "request 15",
      "--",
      "request 18",
      "request 19",
    ],
  );
  assert.deepEqual(messages(web, "-g", "request [57]", "-A", "1", "-B", "2"), [
    "request 3",
    "request 4",
    "request 5",
    "request 6",
    "request 7",
    "request 8",
  ]);
});

test("what is around an entry is that of all logs, by time", () => {
  assert.deepEqual(messages(web, db, "--where", 'msg:="request 9"', "-C", "2"), [
    "request 8",
    "query 8",
    "request 9",
    "query 9",
    "request 10",
  ]);
});

test("-n with -C prints the last matches, with what is around them", () => {
  assert.deepEqual(messages(web, "-n", "2", "--where", "status:503", "-B", "1"), [
    "request 13",
    "request 14",
    "--",
    "request 18",
    "request 19",
  ]);
  assert.deepEqual(messages(web, "-n", "0", "--where", "status:503", "-B", "1"), []);
});

test("-r with -C is the same from its end", () => {
  const forward = messages(web, "--where", "status:503", "-C", "1");
  assert.deepEqual(
    messages(web, "--where", "status:503", "-C", "1", "-r"),
    forward.reverse(),
  );
});

test("--since bounds what is around, --level does not", () => {
  assert.deepEqual(
    messages(web, "--since", `@${START / 1000 + 4}`, "-p", "error", "-C", "1", "--head", "1"),
    ["request 4", "request 5"],
  );
});

test("--head prints the first matches, with -r the last", () => {
  assert.deepEqual(messages(web, "--head", "2"), ["request 0", "request 1"]);
  assert.deepEqual(messages(web, "--head", "2", "-r"), ["request 19", "request 18"]);
  assert.deepEqual(messages(web, "-n", "3", "--head", "2"), ["request 17", "request 18"]);
  assert.deepEqual(messages(web, db, "--head", "3"), ["request 0", "query 0", "request 1"]);
  assert.deepEqual(messages(web, "--head", "0"), []);
});

test("--head ends a command that follows, at the place of its last entry", () => {
  const path = write("follow.log", ["a", "b", "c"]);
  const state = `${folder}/place`;
  const args = [path, "-F", "-o", "text", "--state", state, "--head", "1"];
  assert.deepEqual(tail(...args), ["a"]);
  assert.deepEqual(tail(...args), ["b"]);
});

test("the last of very many, and what is before them, take no time to speak of", () => {
  const log = { name: "/x", received: undefined, position: undefined };
  function* items(isContext: boolean): Generator<Item> {
    for (let n = 1; n <= 400_000; n++) {
      const entry = new Entry(new Uint8Array(0), 0, 0, n, 0, 0);
      const item = { log, time: n, entry, text: "", record: undefined, notice: undefined };
      yield isContext && n < 400_000 ? { ...item, isContext } : item;
    }
  }
  const numbers = (found: Iterable<Item>) => [...found].map(({ entry }) => entry!.sequenceNumber);
  const start = performance.now();
  const last = numbers(new Context({ before: 0, after: 0 }).last(items(false), 100_000));
  assert.deepEqual([last.length, last[0], last.at(-1)], [100_000, 300_001, 400_000]);
  const before = numbers(new Context({ before: 100_000, after: 0 }).chosen(items(true)));
  assert.deepEqual([before.length, before[0], before.at(-1)], [100_001, 300_000, 400_000]);
  // A second; V8 took more than a minute to move what was left for each.
  assert.ok(performance.now() - start < 20_000 * slowness);
});
