/** Files that the page reads by itself. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { SharedMemory } from "../../ffi/mod.ts";
import { Reader, Writer } from "../../mod.ts";
import { readSaved, type SavedFile } from "../../src/cli/serve/page/saved_file.ts";
import { SavedSource } from "../../src/cli/serve/page/saved_source.ts";
import type { Handlers } from "../../src/cli/serve/page/source.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { makeLog } from "../support/serve.ts";

const folder = testFolder("saved");

const read = (bytes: Uint8Array | string, name = "x"): Promise<SavedFile> =>
  readSaved(name, new Blob([bytes as BlobPart]));

function textsOf({ batches }: SavedFile): string[] {
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => batch.text(i)));
}

/** A log in memory. */
function logOf(texts: readonly string[]): Uint8Array {
  const memory = new ArrayBuffer(1 << 20);
  Writer.create(memory, { chunkCount: 4 }).writeMany([...texts]);
  return new Uint8Array(memory);
}

const TEXTS = ["one", "two é 🐍", "", "</script>", "\u0000\u001b[31m"];

test("a log, packed or not, has its entries and numbers", async () => {
  for (const bytes of [logOf(TEXTS), gzipSync(logOf(TEXTS))]) {
    const file = await read(bytes);
    assert.deepEqual(textsOf(file), TEXTS);
    assert.deepEqual([file.entries, file.lost, file.sources.size], [5, 0, 0]);
    assert.equal(file.batches[0].sequenceNumber(0), 1);
  }
});

test("a log that has wrapped has the numbers of what is left", async () => {
  const memory = new ArrayBuffer(8192);
  const writer = Writer.create(memory, { chunkCount: 4 });
  for (let n = 1; n <= 5000; n++) writer.write(`entry ${n}`);
  const file = await read(new Uint8Array(memory));
  const expected = [...new Reader(memory, { strategy: "oldest" })];
  assert.deepEqual(textsOf(file), expected.map(({ text }) => text));
  assert.equal(file.batches[0].sequenceNumber(0), expected[0].sequenceNumber);
});

test("what was packed is read as far as it is whole", async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${Math.sin(n)}\n`).join("");
  const packed = gzipSync(lines);
  const file = await read(packed.subarray(0, packed.length / 2));
  const texts = textsOf(file);
  assert.ok(texts.length > 100, String(texts.length));
  assert.ok(lines.startsWith(texts.join("\n")));
});

test("a log that was cut off says what is missing", async () => {
  const whole = logOf(Array.from({ length: 5000 }, (_, n) => `entry ${n}`.padEnd(100)));
  assert.equal((await read(whole)).missing, undefined);
  const { entries, missing } = await read(whole.slice(0, 100_000));
  const next = `entry ${entries + 1} is missing, and all that came after`;
  assert.equal(missing, `it is cut off after 100000 bytes: ${next}`);
});

test("lines are entries, whatever their ends", async () => {
  assert.deepEqual(textsOf(await read("a\r\nb\n\nc")), ["a", "b", "", "c"]);
  const note = "# ouroboros: 3 entries lost after entry 7";
  assert.deepEqual(textsOf(await read(`a\n${note}\n# b\n`)), ["a", "# b"]);
  const many = Array.from({ length: 10_001 }, (_, n) => `é ${n}`);
  const file = await read(many.join("\n"));
  assert.deepEqual(textsOf(file), many);
  assert.equal(file.batches.at(-1)!.sequenceNumber(0), 8193);
});

test("recordings with --json have what was written, and the logs that it is from", async () => {
  const lines = [
    '{"log":"/a","seq":7,"text":"x\\n</script>"}',
    '{"lost":3,"after":7}',
    '{"log":"/b","seq":1,"base64":"//79"}',
    '{"log":"/a","seq":11,"text":"z"}',
    '{"log":"/a","seq":12,"te',
  ];
  const file = await read(lines.join("\n"));
  assert.deepEqual(textsOf(file), ["x\n</script>", "\ufffd\ufffd\ufffd", "z", lines[4]]);
  assert.deepEqual([...file.sources], [["/a", 2], ["/b", 1]]);
  assert.deepEqual([1, 2, 3, 4].map((n) => file.sourceOf?.(n)), ["/a", "/b", "/a", undefined]);
  // An application's own.
  assert.deepEqual(textsOf(await read('{"seq":1,"text":"x","more":1}')), [
    '{"seq":1,"text":"x","more":1}',
  ]);
});

test("what is neither a log nor text is refused, with what can be done", async () => {
  await assert.rejects(read("a\0b"), /neither a log nor text/);
  await assert.rejects(read(""), /nothing in it/);
  await assert.rejects(read(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0)), /unzstd/);
  await assert.rejects(read(Uint8Array.of(0x1f, 0x8b, 1, 2, 3)));
  const bomb = gzipSync(new Uint8Array(1 << 20));
  await assert.rejects(read(bomb), /neither a log nor text/);
});

test("damaged logs give what is left of them, or say what is wrong", async () => {
  const whole = logOf(Array.from({ length: 200 }, (_, n) => `entry ${n}`));
  let readable = 0;
  for (let at = 0; at < 400; at += 3) {
    const bytes = whole.slice();
    bytes[at] ^= 0xff;
    await read(bytes).then(({ entries }) => {
      readable++;
      assert.ok(entries <= 200);
    }, (error) => assert.ok(error instanceof Error));
  }
  assert.ok(readable > 50, String(readable));
});

/** What a source says about a log, once it has said all. */
function ask(
  source: (handlers: Handlers) => SavedSource,
  log: string | undefined,
  where = "",
  level = "",
): Promise<{ logs: unknown; rows: unknown[]; matched: number }> {
  return new Promise((resolve) => {
    let logs: unknown;
    let found: unknown[] = [];
    const handlers: Handlers = {
      hello() {},
      logs: (all) => logs = all.map(({ name, entries, parts }) => [name, entries, parts]),
      unlisted() {},
      state() {},
      history() {},
      entries: ({ rows }) => found = rows,
      progress() {},
      stats: ({ matched }) => resolve({ logs, rows: found, matched }),
      ring() {},
    };
    source(handlers).open({ log, where, level, span: undefined, entries: true, after: "0" });
  });
}

test(
  "of a file of several logs each can be looked at",
  { skip: !SharedMemory.persists && "logs of several processes" },
  async () => {
    using one = makeLog();
    using other = makeLog();
    for (let n = 0; n < 10; n++) {
      one.write(`{"level":${n === 3 ? 50 : 30},"time":${1.7e12 + 2 * n},"msg":"one","n":${n}}`);
      other.write(`{"level":30,"time":${1.7e12 + 2 * n + 1},"msg":"other","n":${n}}`);
    }
    const path = `${folder}/both.log`;
    assert.equal(runCli(["save", one.name, other.name, path]).code, 0);
    const file = await readSaved(basename(path), new Blob([readFileSync(path)]));
    const source = (handlers: Handlers) => new SavedSource([file, file], handlers, () => {});
    const { logs, rows, matched } = await ask(source, undefined);
    const names = [...file.sources.keys()].sort();
    assert.deepEqual(logs, [
      ["both.log", 20, 2],
      [names[0], 10, undefined],
      [names[1], 10, undefined],
      ["both.log (2)", 20, 2],
      [`${names[0]} (2)`, 10, undefined],
      [`${names[1]} (2)`, 10, undefined],
    ]);
    assert.deepEqual([rows.length, matched], [20, 20]);
    const label = names.find((name) => name.endsWith(one.name))!;
    const some = await ask(source, label, "n:>=3", "error");
    assert.deepEqual(some.rows, [
      [7, '{"level":50,"time":1700000000006,"msg":"one","n":3}', null, label],
    ]);
    const { signal } = new AbortController();
    const asked = { log: "both.log", where: `log:="${label}"`, level: "" };
    assert.equal((await ask(source, asked.log, asked.where)).matched, 10);
    const spread = await new SavedSource([file], {} as Handlers, () => {}).timeline(asked, signal);
    assert.equal(spread?.found?.entries, 10);
    const timeline = await new SavedSource([file], {} as Handlers, () => {})
      .timeline({ log: label, where: "n:<5", level: "" }, signal);
    assert.equal(timeline?.found?.entries, 5);
  },
);
