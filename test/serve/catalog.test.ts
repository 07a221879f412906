/** The logs that a page may choose from, of which there may be very many. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { Catalog } from "../../src/cli/serve/catalog.ts";
import { needsLastingNames } from "../support/platform.ts";
import { makeLog, newName } from "../support/serve.ts";

test("a Catalog of few logs knows them at once", () => {
  using log = makeLog();
  const missing = newName();
  const catalog = new Catalog([log.name, missing]);
  assert.deepEqual([catalog.revision, catalog.logs], [0, []]);
  catalog.refresh();
  assert.deepEqual(
    catalog.logs.map(({ name, isThere, isWriterAlive }) => [name, isThere, isWriterAlive]),
    [[log.name, true, true], [missing, false, false]],
  );
  assert.equal(catalog.revision, 1);
  catalog.refresh();
  assert.equal(catalog.revision, 1, "nothing has changed");
  catalog.close();
});

test("a Catalog says which logs are finished", { skip: needsLastingNames }, () => {
  const name = newName();
  const options = { chunkSize: 65536, chunkCount: 4, unlinkOnClose: false, version: 2 } as const;
  const look = () => {
    const catalog = new Catalog([name]);
    catalog.refresh();
    catalog.close();
    return catalog.logs.map(({ isWriterAlive, isFinished }) => [isWriterAlive, isFinished]);
  };
  try {
    const log = ShmLogWriter.create(name, options);
    assert.deepEqual(look(), [[true, undefined]]);
    log.finish();
    log.close();
    assert.deepEqual(look(), [[false, true]]);
    ShmLogWriter.create(name, { ...options, ifExists: "restart" }).close();
    assert.deepEqual(look(), [[false, undefined]]);
  } finally {
    SharedMemory.unlink(name);
  }
});

test("a Catalog of a pattern has the logs that match at each moment, and finds no others", {
  skip: process.platform === "darwin" && "this system does not list shared memory",
}, () => {
  const base = newName();
  using _first = makeLog(`${base}.0`);
  using other = makeLog(`${base}-other`);
  const catalog = new Catalog([`${base}.*`]);
  const names = () => {
    catalog.refresh();
    return catalog.logs.map(({ name }) => name);
  };
  assert.deepEqual(names(), [`${base}.0`]);
  using later = makeLog(`${base}.1`);
  assert.deepEqual(names(), [`${base}.{slot}`, `${base}.0`, `${base}.1`]);
  assert.deepEqual(catalog.members(`${base}.{slot}`).map(({ name }) => name), names().slice(1));
  assert.deepEqual(catalog.members(`${base}-other.{slot}`), []);
  assert.equal(catalog.find(later.name)?.target, later.name);
  assert.equal(catalog.find(other.name), undefined);
  catalog.close();
});

test("a Catalog of very many logs lists some, those with a writer, and holds up nobody", {
  skip: process.platform === "linux" ? false : "only Linux has a folder of names",
}, async () => {
  const base = newName();
  // The magic number and a version: more is not looked at.
  const head = new Uint8Array(64);
  head.set([0x47, 0x4f, 0x4c, 0x42, 0x4f, 0x52, 0x55, 0x4f, 1]);
  const paths = Array.from({ length: 1200 }, (_, i) => `/dev/shm${base}-${i}`);
  const catalog = new Catalog();
  using log = makeLog(`${base}-z`);
  try {
    for (const path of paths) writeFileSync(path, head);
    catalog.refresh();
    let slices = 0;
    for (; catalog.revision === 0; slices++) await sleep(1);
    assert.ok(slices > 0, "it took no pause");
    const each = () => catalog.logs.filter(({ parts }) => parts === undefined);
    assert.equal(each().length, 1000);
    assert.ok(catalog.unlisted >= 201, `${catalog.unlisted} others`);
    assert.ok(catalog.logs.some(({ name, isWriterAlive }) => name === log.name && isWriterAlive));
    const names = each().map(({ name }) => name);
    assert.equal(names.length, new Set(names).size);
    // What is new is found before all others are looked at again.
    const { revision } = catalog;
    using other = makeLog(`${base}-zz`);
    while (!catalog.logs.some(({ name }) => name === other.name)) {
      catalog.refresh();
      await sleep(1);
    }
    assert.ok(catalog.revision > revision);
  } finally {
    catalog.close();
    for (const path of paths) rmSync(path, { force: true });
  }
});
