/** Compressed logs and recordings, and standard input, where a command reads one. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { compressionOf } from "../../src/compression/kinds.ts";
import { unpackPieces } from "../../src/compression/unpack.ts";
import { MOST_UNPACKED } from "../../src/log/native/unpacked_file.ts";
import { cliCommand, runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsRemovedFolder } from "../support/platform.ts";
import { runtimeName, sameOnAll } from "../support/runtime.ts";

const folder = testFolder("compressed");

const KINDS = ["gz", "zst"] as const;
type Kind = typeof KINDS[number];
const pack = (kind: Kind, bytes: Uint8Array | string) =>
  kind === "gz" ? zlib.gzipSync(bytes) : zlib.zstdCompressSync(bytes);

const COUNT = 20_000;
const lineOf = (i: number) => `line ${i} ${Math.imul(i, 0x9e3779b1) >>> 0}`;
const LINES = Array.from({ length: COUNT }, (_, i) => `${lineOf(i + 1)}\n`).join("");
const log = `${folder}/app.log`;
{
  using writer = ShmLogWriter.create({ path: log }, { chunkSize: 2 ** 18, chunkCount: 8 });
  for (let i = 1; i <= COUNT; i++) writer.write(lineOf(i));
}
const image = readFileSync(log);
const make = (name: string, bytes: Uint8Array) => {
  writeFileSync(`${folder}/${name}`, bytes);
  return `${folder}/${name}`;
};

/** What a replay of a recording writes, and says. */
function replayed(source: string, input?: Uint8Array): { lines: string[]; stderr: string } {
  using made = lastingLog("compressed");
  const { code, stderr } = runCli(
    ["replay", source, made.name, "--speed", "max", "--chunk-size", "1M"],
    input,
  );
  assert.equal(code, 0, stderr);
  using reader = ShmLogReader.open(made.target, { strategy: "oldest" });
  return { lines: [...reader].map(({ text }) => text), stderr };
}

for (const kind of KINDS) {
  test(
    `a saved log is read from ${kind} by all commands, whatever its name`,
    { skip: sameOnAll },
    () => {
      const path = make(`whole-${kind}`, pack(kind, image));
      const all = runCli(["tail", path, "--all"]);
      assert.deepEqual([all.stdout === LINES, all.stderr], [true, ""]);
      assert.equal(runCli(["dump", "--name", path, "--output", "-"]).stdout, LINES);
      assert.match(runCli(["verify", path]).stdout, /sound\n {2}20000 entries, 1 to 20000/);
      assert.equal(JSON.parse(runCli(["stat", path, "--json"]).stdout).lastSequenceNumber, COUNT);
      const copy = `${folder}/copy-of-${kind}.log`;
      assert.equal(runCli(["save", path, copy]).code, 0);
      assert.equal(runCli(["tail", copy, "--all"]).stdout, LINES);
      assert.equal(replayed(path).lines.length, COUNT);
      // By a pattern, and in a library.
      const { stdout } = runCli([
        "tail",
        "--no-prefix",
        `${folder}/whole-[${kind[0]}]*`,
        "-n",
        "1",
      ]);
      assert.equal(stdout, `${lineOf(COUNT)}\n`);
      using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
      assert.equal(reader.read()?.text, lineOf(1));
    },
  );

  test(`a file of several parts of ${kind} is read to its end`, () => {
    const third = Math.ceil(LINES.length / 3);
    const parts = [0, 1, 2].map((i) => pack(kind, LINES.slice(i * third, (i + 1) * third)));
    assert.equal(replayed(make(`parts-${kind}`, Buffer.concat(parts))).lines.length, COUNT);
    const halves = [image.subarray(0, 4e5), image.subarray(4e5)].map((half) => pack(kind, half));
    const path = make(`halves-${kind}`, Buffer.concat(halves));
    assert.equal(runCli(["tail", path, "--all"]).stdout, LINES);
  });

  test(`of ${kind} that is cut off, or damaged, what is whole is read, and the rest is reported`, () => {
    const packed = pack(kind, image);
    const lines = pack(kind, LINES);
    const damaged = (bytes: Uint8Array) => {
      const copy = Buffer.from(bytes);
      const at = Math.floor(copy.length * 0.7);
      return copy.fill(255, at, at + 50);
    };
    for (
      const [what, ofLog, ofLines] of [
        ["cut", packed.subarray(0, packed.length * 0.7), lines.subarray(0, lines.length * 0.7)],
        ["bad", damaged(packed), damaged(lines)],
      ] as const
    ) {
      const path = make(`${what}-${kind}`, ofLog);
      const { stdout, stderr } = runCli(["tail", path, "--all"]);
      assert.match(
        stderr,
        /^ouroboros: file ".*": .+; the first [\d.]+ [KM]iB of the log are read\n/,
      );
      // gzip tells changed bytes only at the end.
      if (what === "cut") assert.ok(LINES.startsWith(stdout));
      assert.ok(stdout.startsWith(LINES.slice(0, 50_000)), `${what}: ${stdout.length}`);
      assert.equal(runCli(["verify", path]).code, 1);
      const recording = replayed(make(`${what}-lines-${kind}`, ofLines));
      assert.match(recording.stderr, /: .+; the lines before that are taken\n/);
      assert.ok(recording.lines.length > 1000);
      if (what === "cut") {
        assert.equal(recording.lines.at(-1), lineOf((recording.lines.length - 1) % COUNT + 1));
      }
    }
  });

  test(`a small file of ${kind} that unpacks to very much is refused`, () => {
    const bomb = Buffer.alloc(MOST_UNPACKED + 1);
    image.copy(bomb, 0, 0, 4096);
    const path = make(`bomb-${kind}`, pack(kind, bomb));
    assert.deepEqual(
      runCli(["tail", path]).stderr.replace(/^.*": /, ""),
      "it unpacks to more than 256 MiB: unpack it to a file, and read that\n",
    );
    // What is no log is not unpacked.
    const zeros = make(`zeros-${kind}`, pack(kind, Buffer.alloc(1 << 20)));
    assert.match(runCli(["tail", zeros]).stderr, /and no log is in it/);
  });

  test(
    `standard input is a log, or lines, compressed with ${kind} or not`,
    { skip: sameOnAll },
    () => {
      for (const input of [image, pack(kind, image)]) {
        assert.equal(runCli(["tail", "-", "--all"], input).stdout, LINES);
        assert.match(runCli(["verify", "-"], input).stdout, /^-: sound\n/);
        assert.equal(replayed("-", input).lines.length, COUNT);
      }
      for (const input of [Buffer.from(LINES), pack(kind, LINES)]) {
        assert.deepEqual(replayed("-", input).lines.at(-1), lineOf(COUNT));
      }
      assert.match(
        runCli(["tail", "-"], pack(kind, LINES)).stderr,
        /"ouroboros replay" makes one of lines/,
      );
    },
  );
}

for (const kind of KINDS) {
  test(`tail -f ends after the last entry of what was compressed (${kind})`, async () => {
    const path = make(`followed.log.${kind}`, pack(kind, image));
    const last = `${lineOf(COUNT)}\n`;
    const said = "ouroboros: no writer adds anything to a compressed log\n";
    const followed = runCli(["tail", "-f", "-n", "1", path]);
    assert.deepEqual(followed, { code: 0, stdout: last, stderr: said });
    const fromPipe = runCli(["tail", "-f", "-n", "1", "-"], readFileSync(path));
    assert.deepEqual(fromPipe, { code: 0, stdout: last, stderr: said });
    // Beside a log that is written, or by its name, it is waited for what comes.
    const other = make(`other.log.${kind}`, pack(kind, image));
    const written = runCli(["tail", "-f", "-n", "1", "--no-prefix", path, other]);
    assert.deepEqual([written.code, written.stdout], [0, last + last], written.stderr);
    const byName = startCli(["tail", "-F", "-n", "1", path]);
    await byName.until((stdout) => stdout === last);
    await sleep(500);
    assert.equal(byName.process.exitCode, null);
    byName.signal("SIGINT");
    assert.equal((await byName.ended()).code, 0);
  });

  test(`a file of several logs is compressed, and tells where each entry is from (${kind})`, {
    skip: needsRemovedFolder,
  }, () => {
    using one = lastingLog("several");
    using two = lastingLog("several");
    for (const { name, target } of [one, two]) {
      using writer = ShmLogWriter.create(target, { size: "64KiB" });
      writer.write(`of ${name}`);
    }
    const path = `${folder}/several.log.${kind}`;
    assert.equal(runCli(["save", one.name, two.name, path]).code, 0);
    assert.equal(compressionOf(readFileSync(path)), kind === "gz" ? "gzip" : "zstd");
    const compress = kind === "gz" ? "gzip" : "zstd";
    const [command, args] = cliCommand(["save", one.name, two.name, "-", "--compress", compress]);
    const { stdout } = spawnSync(command, args);
    const piped = make(`piped.${kind}`, stdout);
    for (const file of [path, piped]) {
      assert.match(runCli(["verify", file]).stdout, /sound\n {2}2 entries/);
      const printed = runCli(["tail", "--all", "-o", "json", file]).stdout.trim().split("\n")
        .map((line) => JSON.parse(line));
      for (const { text, source } of printed) assert.equal(text, `of ${source.log}`);
      assert.equal(printed.length, 2);
    }
  });
}

test("a file is not given the ending of a compression that is not known", () => {
  for (const command of ["save", "record"]) {
    for (const ending of ["xz", "br", "zip"]) {
      const path = `${folder}/unknown.${ending}`;
      const { code, stderr } = runCli([command, log, path]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^ouroboros: files are compressed as \.gz or \.zst, not as \.(xz|br|zip): /,
      );
      assert.equal(existsSync(path), false);
    }
  }
});

test("what is recorded is unpacked with little memory", async () => {
  const bomb = zlib.zstdCompressSync(Buffer.alloc(2 ** 28));
  const before = process.memoryUsage().rss;
  let [most, size, largest] = [0, 0, 0];
  for await (const piece of unpackPieces("zstd", [bomb])) {
    size += piece.length;
    largest = Math.max(largest, piece.length);
    most = Math.max(most, process.memoryUsage().rss);
  }
  assert.equal(size, 2 ** 28);
  assert.ok(largest <= 2 ** 20, `a piece of ${largest} bytes`);
  // Bun frees pieces late: after other tests it had 231 MiB.
  if (runtimeName !== "bun") assert.ok(most - before < 2 ** 27, `${most - before} bytes`);
});
