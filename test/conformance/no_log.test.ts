/** What is no log, or one no longer, in the place of one: refused, made anew, never the end of the process. */

import assert from "node:assert/strict";
import { existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import test from "node:test";
import {
  CorruptLogError,
  SegmentTruncatedError,
  ShmLogReader,
  UnsupportedLogError,
} from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { needsTruncation } from "../support/platform.ts";
import { logPlaces } from "../support/log_places.ts";

const folder = testFolder("no-log");

for (const { title, target: newTarget, path, create, noPath } of logPlaces(folder)) {
  test(`${title}: a truncated log is a SegmentTruncatedError, not the end of the process`, {
    skip: needsTruncation,
  }, () => {
    const target = newTarget();
    using writer = create(target);
    for (let i = 0; i < 100; i++) writer.write("x".repeat(100));
    using reader = ShmLogReader.open(target);
    truncateSync(path(target), 4096);
    assert.throws(() => reader.read(), SegmentTruncatedError);
    assert.throws(() => reader.inspect(), SegmentTruncatedError);
  });

  test(`${title}: what is no log is refused, and left as it was`, { skip: noPath }, () => {
    const target = newTarget();
    writeFileSync(path(target), "not a log at all, but somebody's text");
    assert.throws(() => ShmLogReader.open(target), UnsupportedLogError);
    assert.throws(() => create(target, { ifExists: "resume" }), UnsupportedLogError);
    assert.equal(existsSync(path(target)), true);
    writeFileSync(path(target), new Uint8Array(64).fill(1, 40));
    assert.throws(() => create(target, { ifExists: "resume" }), UnsupportedLogError);
    rmSync(path(target));
  });

  test(
    `${title}: a log whose creator died before the magic is made again`,
    { skip: noPath },
    () => {
      const target = newTarget();
      writeFileSync(path(target), new Uint8Array(8192));
      using writer = create(target, { ifExists: "resume" });
      assert.equal(writer.write("x"), 1);
      assert.equal(writer.segmentSize, 16464);
    },
  );

  test(`${title}: a damaged header is a CorruptLogError`, { skip: noPath }, () => {
    const target = newTarget();
    create(target, { unlinkOnClose: false }).close();
    truncateSync(path(target), 60);
    assert.throws(() => ShmLogReader.open(target), CorruptLogError);
    assert.throws(() => create(target, { ifExists: "resume" }), CorruptLogError);
    rmSync(path(target));
  });
}
