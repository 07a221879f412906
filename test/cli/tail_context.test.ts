/** `tail` with the entries around those that match, and the first of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { testFolder } from "../support/folder.ts";
import { messages, requestLogs, START, tail } from "../support/request_logs.ts";

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
