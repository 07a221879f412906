/** `ouroboros save` and `ouroboros verify`, and files read in place of logs. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { Reader, saveLog, ShmLogReader, ShmLogWriter, verify } from "../../mod.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { scriptCommand, startChild, uniqueName } from "../support/runtime.ts";

const folder = testFolder("save");

/** A log of one page, which is as large on all systems. */
function makeLog(count: number, name: string = uniqueName("save")): ShmLogWriter {
  const log = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 1004, chunkCount: 4 });
  for (let i = 1; i <= count; i++) log.write(`line ${i}`);
  return log;
}

test("save makes a file of what is there, which every read command takes", () => {
  using log = makeLog(1000);
  const path = `${folder}/one.log`;
  const expected = runCli(["tail", log.name, "--all"]).stdout;
  const saved = runCli(["save", log.name, path]);
  assert.deepEqual([saved.code, saved.stdout], [0, ""]);
  assert.match(saved.stderr, /^ouroboros: \d+ entries, \d+ to 1000, .* in .*one\.log\n$/);
  log.write("later");
  assert.equal(runCli(["tail", path, "--all"]).stdout, expected);
  assert.equal(runCli(["dump", "--name", path, "--output", "-"]).stdout, expected);
  const info = JSON.parse(runCli(["stat", path, "-o", "json"]).stdout);
  assert.deepEqual([info.lastSequenceNumber, info.damage, info.writerAlive], [1000, [], false]);
  const found = JSON.parse(runCli(["verify", path, "--json"]).stdout);
  assert.deepEqual([found.isIntact, found.entries], [true, info.entries]);
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".partial")), []);
});

test("save replaces a file with --force only, and never the log itself, also in a folder", () => {
  using log = makeLog(5);
  const path = `${folder}/two.log`;
  writeFileSync(path, "precious");
  const refused = runCli(["save", log.name, path]);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /exists already: use --force to replace it\n$/);
  assert.equal(readFileSync(path, "utf8"), "precious");
  assert.equal(runCli(["save", log.name, path, "--force"]).code, 0);
  assert.equal(runCli(["tail", path, "-n", 1]).stdout, "line 5\n");
  const { code, stderr } = runCli(["save", path, path, "--force"]);
  assert.equal(code, 1);
  assert.match(stderr, /over itself/);
  assert.match(runCli(["save", path, folder, "--force"]).stderr, /over itself/);
  assert.equal(runCli(["tail", path, "-n", 1]).stdout, "line 5\n");
  assert.equal(runCli(["save", log.name, `${folder}/no/such.log`]).code, 1);
});

test("save --compact ends the file with the last entry", () => {
  using log = makeLog(20);
  const path = `${folder}/compact.log`;
  assert.equal(runCli(["save", log.name, path, "--compact"]).code, 0);
  const bytes = readFileSync(path);
  assert.ok(bytes.length < 20 * 12 + 16 + 64 + 8);
  assert.ok(verify(new Uint8Array(bytes).buffer).isIntact);
  assert.equal(runCli(["tail", path, "--all"]).stdout, runCli(["tail", log.name, "--all"]).stdout);
});

test("write leaves alone what save made, unless --if-exists says what to do with it", () => {
  using log = makeLog(1000);
  const path = `${folder}/kept.log`;
  for (const more of [[], ["--compact"], ["--last", "1h"]]) {
    assert.equal(runCli(["save", log.name, path, "--force", ...more]).code, 0);
    const bytes = readFileSync(path);
    const refused = runCli(["write", path], "more\n");
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(
      refused.stderr,
      /kept\.log" was saved.* --if-exists resume.* --if-exists replace\n$/,
    );
    assert.ok(readFileSync(path).equals(bytes));
    // Readers see nothing of the mark.
    assert.ok(verify(new Uint8Array(bytes).buffer).isIntact);
    assert.equal([...new Reader(new Uint8Array(bytes).buffer)].at(-1)?.sequenceNumber, 1000);
    const asked = runCli(["write", path, "--if-exists", "resume"], "more\n");
    assert.deepEqual([asked.code, asked.stderr], [0, ""]);
    // A log that was continued is one like others.
    assert.equal(runCli(["write", path], "and more\n").code, 0);
    assert.equal(runCli(["tail", path, "-n", 2]).stdout, "more\nand more\n");
  }
});

test("write continues no file of several logs: where its entries are from would be lost", () => {
  using one = makeLog(5);
  using other = makeLog(5);
  const path = `${folder}/several.log`;
  assert.equal(runCli(["save", one.name, other.name, path]).code, 0);
  const bytes = readFileSync(path);
  for (const more of [[], ["--if-exists", "resume"]]) {
    const refused = runCli(["write", path, ...more], "more\n");
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(
      refused.stderr,
      /several\.log" has entries of several logs.* --if-exists replace\n$/,
    );
  }
  assert.ok(readFileSync(path).equals(bytes));
  assert.equal(runCli(["write", path, "--if-exists", "replace"], "instead\n").code, 0);
  assert.equal(runCli(["tail", path, "--all"]).stdout, "instead\n");
});

test("save --compact says that a full log gets no smaller, and only of a full one", () => {
  using full = makeLog(1000);
  using other = makeLog(20);
  const path = `${folder}/full.log`;
  assert.match(
    runCli(["save", full.name, path, "--compact"]).stderr,
    /the log is full, so --c.*\.gz/,
  );
  const { isFull } = JSON.parse(
    runCli(["save", full.name, path, "--compact", "--force", "--json"]).stdout,
  );
  assert.equal(isFull, true);
  for (const more of [[], ["--compact", "--last", "1h"]]) {
    assert.doesNotMatch(runCli(["save", full.name, path, "--force", ...more]).stderr, /is full/);
  }
  const { stderr } = runCli(["save", other.name, path, "--force", "--compact"]);
  assert.match(stderr, /^ouroboros: 20 entries.*\n$/);
});

test("stat, list and top say of a copy that it is saved, not that its writer is dead", () => {
  using one = makeLog(5);
  using other = makeLog(5);
  const [all, packed, plain] = ["all.log", "packed.log.gz", "plain.log"].map((name) =>
    `${folder}/${name}`
  );
  assert.equal(runCli(["save", one.name, other.name, all]).code, 0);
  assert.equal(runCli(["save", one.name, packed]).code, 0);
  assert.equal(runCli(["save", one.name, plain]).code, 0);
  for (const path of [all, packed]) {
    assert.match(runCli(["stat", path]).stdout, /^ {2}writer {3}saved: a copy/m);
    assert.match(runCli(["list", path]).stdout, / saved\n$/);
    assert.match(runCli(["top", "--once", path]).stdout, / saved +0 /);
    for (const command of [["stat", path], ["list", path], ["top", "--once", path]]) {
      const found = [JSON.parse(runCli([...command, "--json"]).stdout)].flat();
      assert.deepEqual(
        found.map(({ isSaved, writerAlive }) => [isSaved, writerAlive]),
        [[true, false]],
      );
    }
  }
  // A writer may resume it: nothing in it says that it is a copy.
  const [{ isSaved }] = JSON.parse(runCli(["list", plain, "--json"]).stdout);
  assert.deepEqual([isSaved, / dead\n$/.test(runCli(["list", plain]).stdout)], [undefined, true]);
  const [live] = JSON.parse(runCli(["list", one.name, "--json"]).stdout);
  assert.deepEqual([live.isSaved, live.writerAlive], [undefined, true]);
});

test("where a clock was put back, save says how many of one log are of another time, of several it has none", () => {
  using log = ShmLogWriter.create(uniqueName("save"), { size: "64KiB", unlinkOnClose: true });
  using other = ShmLogWriter.create(uniqueName("save"), { size: "64KiB", unlinkOnClose: true });
  const [hour, path] = [3_600_000, `${folder}/back.log`];
  for (const start of [hour, 0, hour + 5000]) {
    for (let i = 0; i < 200; i++) log.write(JSON.stringify({ time: 1.7e12 + start + 10 * i }));
  }
  const at = (time: number) => new Date(1.7e12 + time).toISOString();
  const part = ["--since", at(hour + 1000), "--until", at(hour + 5100), "--force"];
  const one = runCli(["save", log.name, path, ...part]);
  assert.match(one.stderr, /\b311 entries, 101 to 411, .*\n.*: 200 entries of another time are be/);
  const json = JSON.parse(runCli(["save", log.name, path, ...part, "--json"]).stdout);
  assert.deepEqual([json.entries, json.otherTimes], [311, 200]);
  const exact = ["--since", at(0), "--until", at(500), "--force"];
  assert.match(
    runCli(["save", log.name, path, ...exact]).stderr,
    /^ouroboros: 51 entries, 201 to 251, [^\n]*\n$/,
  );
  const more = runCli(["save", log.name, other.name, path, ...part]);
  assert.match(more.stderr, /^ouroboros: 111 entries of 1 log, [^\n]*\n$/);
});

test("tail of a file of lines points to replay, and of other files does not", () => {
  const path = `${folder}/lines.jsonl`;
  writeFileSync(path, '{"level":30,"msg":"one"}\n');
  assert.match(runCli(["tail", path]).stderr, /magic GOLBORUO, but text: "ouroboros replay" makes/);
  writeFileSync(path, new Uint8Array(64).fill(7));
  assert.match(runCli(["tail", path]).stderr, /magic GOLBORUO\n$/);
});

test("save says how many logs are in a file of several logs", () => {
  const logs = [makeLog(5), makeLog(5), makeLog(5)];
  const [all, copy] = [`${folder}/three.log`, `${folder}/three-again.log`];
  assert.equal(runCli(["save", ...logs.map(({ name }) => name), all]).code, 0);
  for (const log of logs) log.close();
  const { stderr } = runCli(["save", all, copy]);
  assert.match(stderr, /^ouroboros: 15 entries of 3 logs, /);
  // Of one of them.
  const where = `log:${logs[1].name.slice(1)}`;
  const part = runCli(["save", all, copy, "--force", "--where", where]);
  assert.match(part.stderr, /^ouroboros: 5 entries of 1 log, /);
});

test("run and replay, too, leave alone what save made", { skip: isWindows && "sh" }, () => {
  using one = makeLog(5);
  using other = makeLog(5);
  const [path, several] = [`${folder}/run.log`, `${folder}/run-several.log`];
  assert.equal(runCli(["save", one.name, path]).code, 0);
  assert.equal(runCli(["save", one.name, other.name, several]).code, 0);
  for (
    const [name, why] of [
      [path, /recorded: log file ".*run\.log" was saved, .* ones: choose another name\n$/],
      [several, /several\.log" has entries of several logs, .* continued: choose another name\n$/],
    ] as const
  ) {
    const bytes = readFileSync(name);
    const { code, stdout, stderr } = runCli(["run", "--log", name, "--", "sh", "-c", "echo hi"]);
    assert.deepEqual([code, stdout], [0, "hi\n"]);
    assert.match(stderr, why);
    assert.throws(
      () => ShmLogWriter.create({ path: name }),
      /choose another name[;,] or .*ifExists: "replace"$/,
    );
    assert.ok(readFileSync(name).equals(bytes));
  }
  const { code, stderr } = runCli(["replay", path, several, "--if-exists", "resume"]);
  assert.equal(code, 1);
  assert.match(stderr, /several logs.* --if-exists replace\n$/);
  assert.equal(runCli(["replay", several, path, "--if-exists", "resume"]).code, 0);
  assert.equal(runCli(["tail", path, "--all"]).stdout.split("\n").length, 16);
});

test("a saved log is resumed with the next number", async () => {
  using log = makeLog(500);
  const path = `${folder}/resumed.log`;
  const saved = await saveLog(log.name, path, { copyMode: "pread" });
  assert.equal(saved.lastSequenceNumber, 500);
  using writer = ShmLogWriter.create({ path }, { ifExists: "resume" });
  assert.equal(writer.write("next"), 501);
});

test("an aborted save leaves nothing", async () => {
  using log = makeLog(5);
  const path = `${folder}/aborted.log`;
  await assert.rejects(saveLog(log.name, path, { signal: AbortSignal.abort() }), /abort/i);
  assert.ok(!existsSync(path));
});

test("what is saved while another process writes at full speed is whole, every time", async () => {
  const name = uniqueName("save");
  const child = startChild(new URL("./children/flood.ts", import.meta.url), [name]);
  try {
    assert.equal(await child.nextLine(), "writing");
    let before = 0;
    for (let i = 0; i < 10; i++) {
      const path = `${folder}/flood-${i}.log`;
      const saved = await saveLog(name, path, { compact: i % 2 === 0 });
      const found = verify(new Uint8Array(readFileSync(path)).buffer);
      assert.deepEqual([found.isIntact, found.gaps], [true, []]);
      assert.equal(found.lastSequenceNumber, saved.lastSequenceNumber);
      assert.ok(saved.lastSequenceNumber >= before, `${saved.lastSequenceNumber} after ${before}`);
      assert.ok(saved.entries > 0, `copy ${i}`);
      before = saved.lastSequenceNumber;
      const reader = ShmLogReader.open({ path }, { strategy: "oldest" });
      let number = saved.firstSequenceNumber;
      for (const entry of reader) {
        assert.equal(entry.sequenceNumber, number);
        assert.ok(entry.text.startsWith(`${number++}:`), "its own bytes");
        assert.equal(entry.text.length, `${entry.sequenceNumber}:`.length + number % 199);
      }
      assert.equal(number, saved.lastSequenceNumber + 1);
      reader.close();
      rmSync(path);
    }
  } finally {
    await child.kill();
    SharedMemory.unlink(name);
  }
});

test("verify says where damage is, with exit code 1, and 0 for a sound log", () => {
  using log = makeLog(150);
  const sound = runCli(["verify", log.name]);
  assert.deepEqual([sound.code, sound.stderr], [0, ""]);
  assert.match(sound.stdout, /: sound\n {2}150 entries, 1 to 150, .* in 2 chunks\n$/);
  const path = `${folder}/damaged.log`;
  assert.equal(runCli(["save", log.name, path]).code, 0);
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(0x80000002, 80);
  writeFileSync(path, bytes);
  const damaged = runCli(["verify", path]);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stdout, /damaged\n(.*\n)* {2}damage: chunk 0, offset 80: header 0x80000002/);
  const { damage } = JSON.parse(runCli(["verify", path, "-o", "json"]).stdout);
  assert.deepEqual([damage[0].offset, damage[0].chunk], [80, 0]);
  writeFileSync(path, "no log at all, but long enough");
  const other = runCli(["verify", path, "--json"]);
  assert.equal(other.code, 1);
  assert.deepEqual(JSON.parse(other.stdout).isIntact, false);
  assert.equal(runCli(["verify", uniqueName("save")]).code, 1);
});

test("a file of the working directory needs no slash, unless a log has its name", () => {
  const name = uniqueName("save").slice(1);
  // On Windows a slash in front makes another name.
  using log = makeLog(3, isWindows ? name : `/${name}`);
  assert.equal(runCli(["save", log.name, `${folder}/${name}`]).code, 0);
  log.write("line 4");
  const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const [command, args] = scriptCommand(cli);
  const last = (what: string) =>
    spawnSync(command, [...args, "tail", "-n", "1", what], { cwd: folder, encoding: "utf8" })
      .stdout;
  assert.equal(last(name), "line 4\n");
  assert.equal(last(`./${name}`), "line 3\n");
  log.close();
  assert.equal(last(name), "line 3\n");
});

test("save - writes the log to standard output, and makes no file of that name", () => {
  using log = makeLog(1000);
  const { status, stdout, stderr } = spawnSync(...cliCommand(["save", log.name, "-"]), {
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0);
  assert.match(stderr.toString(), /^ouroboros: \d+ entries, \d+ to 1000, [^/]*\n$/);
  assert.ok(!existsSync("-"));
  const path = `${folder}/out.log`;
  writeFileSync(path, stdout);
  assert.equal(runCli(["save", log.name, `${folder}/file.log`]).code, 0);
  assert.deepEqual(readFileSync(path), readFileSync(`${folder}/file.log`));
});
