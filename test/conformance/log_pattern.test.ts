/** Patterns of names, in shared memory and on disk: what a shell would match, and only logs. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import process from "node:process";
import test from "node:test";
import { segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import { isPattern, LogPattern, slotsOf } from "../../src/log/native/log_pattern.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("log-pattern");

const memory = new ArrayBuffer(segmentSize(2, 256));
Writer.create(memory, { chunkCount: 2 });
const log = new Uint8Array(memory);

function put(...paths: string[]): void {
  for (const path of paths) writeFileSync(join(folder, path), log);
}

/** What a pattern finds in the folder, without its path. */
function found(pattern: string): string[] {
  return new LogPattern({ path: join(folder, pattern) }).find()
    .map((target) => (target as { path: string }).path.slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, "/"));
}

test("a name is a pattern if it has one of * ? [a] {slot}", () => {
  for (const name of ["/a*", "/a?", "/a[b]", "/a[!b]", "/a.{slot}", "/[]]", "*"]) {
    assert.ok(isPattern(name), name);
    assert.ok(isPattern({ path: name }), name);
  }
  for (const name of ["/a", "/a[", "/a]", "/a[]", "/a{b}", "/a+", "/a.log"]) {
    assert.ok(!isPattern(name), name);
  }
});

test("patterns find files as a shell does, numbers in their order", () => {
  mkdirSync(join(folder, "one"));
  mkdirSync(join(folder, "two"));
  put("app.10", "app.2", "app.0", "app.x", "app-1", "apps", ".app.1", "one/a.log", "two/a.log");
  put("two/b.log", "we+ird", "a[1]", "app.0.origin", "app.0.watch");
  writeFileSync(join(folder, "app.no"), "this is not a log");
  writeFileSync(join(folder, "app.empty"), "");
  mkdirSync(join(folder, "app.folder"));
  assert.deepEqual(found("app.*"), ["app.0", "app.0.watch", "app.2", "app.10", "app.x"]);
  assert.deepEqual(found("app.?"), ["app.0", "app.2", "app.x"]);
  assert.deepEqual(found("app.[0-2]"), ["app.0", "app.2"]);
  assert.deepEqual(found("app.[!0-9]"), ["app.x"]);
  assert.deepEqual(found("app.{slot}"), ["app.0", "app.0.watch", "app.2", "app.10"]);
  assert.deepEqual(found("app[.-]1*"), ["app-1", "app.10"]);
  assert.deepEqual(found(".app.*"), [".app.1"]);
  assert.deepEqual(found("*/a.log"), ["one/a.log", "two/a.log"]);
  assert.deepEqual(found("t?o/*.log"), ["two/a.log", "two/b.log"]);
  assert.deepEqual(found("we+*"), ["we+ird"]);
  assert.deepEqual(found("a[[]1]"), ["a[1]"]);
  assert.deepEqual(found("nothing*"), []);
  assert.deepEqual(found("nothing/*"), []);
  assert.deepEqual(found("app.0.*"), ["app.0.origin", "app.0.watch"]);
  const slots = new LogPattern(slotsOf({ path: join(folder, "app") })).find();
  assert.equal(slots.length, 4);
  assert.throws(() => found("app.[9-0]"), RangeError);
});

test("a pattern is looked at each time: what begins to match, and what is gone", {
  skip: process.platform === "darwin" && "this system does not list shared memory",
}, () => {
  const name = uniqueName("pattern");
  const pattern = new LogPattern(`${name}.*`);
  const options = { chunkSize: 4096, chunkCount: 2, unlinkOnClose: true };
  assert.deepEqual(pattern.find(), []);
  const first = ShmLogWriter.create(`${name}.0`, { ...options });
  using _second = ShmLogWriter.create(`${name}.1`, { ...options });
  assert.deepEqual(pattern.find(), [`${name}.0`, `${name}.1`]);
  first.close();
  assert.deepEqual(pattern.find(), [`${name}.1`]);
  // Windows takes names as they are: without the slash it is another one.
  const others = isWindows ? [] : [`${name}.1`];
  assert.deepEqual(new LogPattern(`${name.slice(1)}.*`).find(), others);
});
