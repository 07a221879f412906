/** Files that record and save compress. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";
import { ShmLogWriter } from "../../mod.ts";
import { RotatingFile } from "../../src/cli/files/rotating_file.ts";
import { type Compression, COMPRESSIONS, endingOf } from "../../src/compression/kinds.ts";
import { unpack } from "../../src/compression/unpack.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows, needsRemovedFolder } from "../support/platform.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

const folder = testFolder("record-compressed");

const lineOf = (i: number) => `line ${i} ${Math.imul(i, 0x9e3779b1) >>> 0}`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${lineOf(from + i)}\n`).join("");
const encoder = new TextEncoder();

function read(path: string, kind: Compression): { text: string; damage: string | undefined } {
  const { bytes, damage } = unpack(kind, readFileSync(path), 2 ** 28);
  return { text: new TextDecoder().decode(bytes), damage };
}

/** Records lines, with a flush after each so many; gives the sizes of the file after these. */
function record(
  path: string,
  compress: Compression,
  from: number,
  to: number,
  step = to,
): number[] {
  using file = new RotatingFile(path, { keep: 1, compress });
  const sizes: number[] = [];
  for (let i = from; i <= to; i++) {
    file.line(encoder.encode(lineOf(i)));
    if (i % step !== 0) continue;
    file.flush();
    sizes.push(statSync(path).size);
  }
  return sizes;
}

for (const kind of COMPRESSIONS) {
  const ending = endingOf(kind);

  test(`a file of ${kind} is whole after each flush, wherever it is cut off, and continued`, () => {
    const path = `${folder}/cut${ending}`;
    const sizes = record(path, kind, 1, 3000, 1000);
    const whole = readFileSync(path);
    assert.deepEqual(read(path, kind), { text: lines(1, 3000), damage: undefined });
    for (const cut of [1, 3, 25, Math.floor(whole.length / 2), whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, cut);
      const kept = 1000 * sizes.filter((size) => size <= cut).length;
      record(path, kind, kept + 1, 4000);
      const { text, damage } = read(path, kind);
      assert.ok(text === lines(1, 4000) && damage === undefined, `cut off after ${cut} bytes`);
    }
    const [program] = kind === "gzip" ? ["gzip"] : ["zstd"];
    if (isWindows || !existsSync(`/usr/bin/${program}`)) return;
    const out = execFileSync(program, ["-dc", path], { maxBuffer: 2 ** 26 });
    assert.equal(out.toString(), lines(1, 4000));
  });

  test(`files of ${kind} rotate, each whole and within the size, with the ending last`, () => {
    const path = `${folder}/rotated.txt${ending}`;
    const maxSize = 4096;
    {
      using file = new RotatingFile(path, { keep: 100, maxSize, compress: kind });
      for (let i = 1; i <= 5000; i++) file.line(encoder.encode(lineOf(i)));
    }
    const count = readdirSync(folder).filter((name) =>
      name.startsWith("rotated.txt.") && name.endsWith(ending)
    ).length;
    assert.ok(count > 3);
    const paths = Array.from(
      { length: count },
      (_, i) => i === count - 1 ? path : `${folder}/rotated.txt.${count - 1 - i}${ending}`,
    );
    assert.ok(paths.every((one) => statSync(one).size <= maxSize));
    const all = paths.map((one) => read(one, kind));
    assert.ok(all.every(({ damage }) => damage === undefined));
    assert.equal(all.map(({ text }) => text).join(""), lines(1, 5000));
  });

  test(`what is something else is not appended to as ${kind}, nor is ${kind} as text`, () => {
    const plain = `${folder}/plain-${kind}`;
    writeFileSync(plain, "a line\n");
    assert.throws(() => record(plain, kind, 1, 1), /is not compressed: choose another file$/);
    const packed = `${folder}/packed-${kind}`;
    record(packed, kind, 1, 1);
    assert.throws(
      () => new RotatingFile(packed, { keep: 1 }),
      { name: "RangeError", message: new RegExp(`compressed with ${kind}: .*--compress ${kind}$`) },
    );
    if (kind === "zstd") return;
    writeFileSync(packed, zlib.gzipSync("a line\n"));
    assert.throws(() => record(packed, kind, 1, 1), /was not written by record/);
    assert.equal(zlib.gunzipSync(readFileSync(packed)).toString(), "a line\n");
  });

  test(`after kill -9 of record all blocks of ${kind} are read, and it continues`, {
    skip: sameOnAll,
  }, async () => {
    using log = ShmLogWriter.create(uniqueName("record"), { unlinkOnClose: true, size: "4MiB" });
    const path = `${folder}/killed.txt${ending}`;
    const args = ["record", log.name, path, "--state", `${path}.state`, "--fsync", "100ms"];
    const write = (to: number) => {
      while (log.totalEntriesWritten < to) log.write(lineOf(log.totalEntriesWritten + 1));
    };
    const has = (i: number) => existsSync(path) && read(path, kind).text.includes(`${lineOf(i)}\n`);
    write(2000);
    const cli = startCli(args);
    while (!has(2000) || !existsSync(`${path}.state`)) await sleep(20);
    write(3000);
    cli.process.kill("SIGKILL");
    await cli.ended();
    const left = read(path, kind);
    assert.ok(left.damage === undefined && lines(1, 3000).startsWith(left.text));
    const again = startCli(args);
    while (!has(3000)) await sleep(20);
    again.signal("SIGINT");
    const { code, stderr } = await again.ended();
    assert.equal(code, 0, stderr);
    const { text, damage } = read(path, kind);
    assert.equal(damage, undefined);
    // What came after its place was remembered may be there twice.
    const found = text.trimEnd().split("\n");
    assert.deepEqual([...new Set(found)].join("\n"), lines(1, 3000).trimEnd());
    // And it is a recording.
    const copy = `${folder}/killed-${kind}.log`;
    assert.equal(runCli(["replay", path, copy, "--speed", "max"]).code, 0);
    assert.match(runCli(["tail", copy, "-n", "1"]).stdout, /^line 3000 /);
  });

  test(`save makes a log of ${kind}, at once and in one step`, {
    skip: sameOnAll || needsRemovedFolder,
  }, () => {
    using log = ShmLogWriter.create(uniqueName("save"), { unlinkOnClose: true, size: "1MiB" });
    for (let i = 1; i <= 1000; i++) log.write(lineOf(i));
    const path = `${folder}/saved.log${ending}`;
    const { code, stderr } = runCli(["save", log.name, path]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /1000 entries, 1 to 1000, .* compressed in /);
    assert.ok(statSync(path).size < 30_000);
    if (!isWindows) assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(runCli(["tail", path, "--all"]).stdout, lines(1, 1000));
    const before = readFileSync(path);
    assert.match(runCli(["save", log.name, path]).stderr, /exists already.*use --force/s);
    assert.deepEqual(readFileSync(path), before);
    assert.equal(runCli(["save", log.name, path, "--force", "--last", "1s"]).code, 0);
    assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".partial")), []);
  });
}
