/** `ouroboros record`. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { RotatingFile } from "../../src/cli/files/rotating_file.ts";
import { runCli, type RunningCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { fill, lines } from "../support/numbered_lines.ts";
import { isWindows, needsLettingGo, needsSignals, notOnWindows } from "../support/platform.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

const folder = testFolder("record");

const bytes = (text: string) => new TextEncoder().encode(text);

function makeLog(name: string = uniqueName("record")): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 16384, chunkCount: 4 });
}

/** What is in a file; nothing where there is none, as for a moment while it is rotated. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Waits for a condition, as long as the recorder lives, which is not for ever. */
async function until(condition: () => boolean, cli: RunningCli): Promise<void> {
  let hasEnded = false;
  cli.ended().then(() => hasEnded = true);
  while (!condition()) {
    assert.ok(!hasEnded, `in vain: ${cli.stderr}`);
    await sleep(10);
  }
}

async function stopped(cli: RunningCli): Promise<string> {
  cli.signal("SIGINT");
  const { code, stderr } = await cli.ended();
  assert.equal(code, 0, stderr);
  return stderr;
}

test("record appends what is there and what comes, and at SIGINT all of it is in the file", async () => {
  using log = makeLog();
  fill(log, 100);
  const path = `${folder}/plain.txt`;
  writeFileSync(path, "cut off");
  const cli = startCli(["record", log.name, path]);
  await until(() => read(path).includes("line 100\n"), cli);
  fill(log, 500);
  await until(() => read(path).includes("line 500\n"), cli);
  fill(log, 700);
  const stderr = await stopped(cli);
  const expected = `cut off\n${lines(1, 700)}`;
  assert.ok(read(path) === expected, "all lines, each once");
  assert.match(stderr, /: 700 entries recorded, 0 lost\n$/);
});

test("record -o json numbers the entries, keeps bytes, and makes a file that nobody else reads", {
  skip: sameOnAll,
}, async () => {
  using log = makeLog();
  log.writeMany(["é\n2", new Uint8Array([255])]);
  const path = `${folder}/json.jsonl`;
  const cli = startCli(["record", log.name, path, "-o", "json", "--fsync", "10ms"]);
  await until(() => read(path).split("\n").length > 2, cli);
  await stopped(cli);
  assert.equal(read(path), '{"seq":1,"text":"é\\n2"}\n{"seq":2,"base64":"/w=="}\n');
  if (!isWindows) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a file is recorded into by one process at a time, also after it was rotated", async () => {
  using log = makeLog();
  const path = `${folder}/taken.txt`;
  writeFileSync(path, "");
  const cli = startCli(["record", log.name, path, "--max-size", "100"]);
  fill(log, 3);
  await until(() => read(path).includes("line 3\n"), cli);
  const refused = () => {
    const { code, stderr } = runCli(["record", log.name, path]);
    assert.deepEqual([code, stderr], [
      1,
      `ouroboros: another process records into ${path}: choose another file\n`,
    ]);
  };
  refused();
  fill(log, 30);
  await until(() => read(path).includes("line 30\n"), cli);
  refused();
  await stopped(cli);
  assert.equal([".2", ".1", ""].map((end) => read(path + end)).join(""), lines(1, 30));
  using again = new RotatingFile(path, { keep: 1 });
  assert.throws(() => new RotatingFile(path, { keep: 1 }), { code: "WRITER_LOCKED" });
  again.close();
  new RotatingFile(path, { keep: 1 }).close();
});

test("record --from new leaves out what is there", { skip: sameOnAll }, async () => {
  using log = makeLog();
  fill(log, 100);
  const path = `${folder}/new.txt`;
  const cli = startCli(["record", log.name, path, "--from", "new"]);
  // Nobody sees when it has come to the end of what is there: something is new until it was recorded.
  await until(() => {
    if (read(path) === "") fill(log, log.totalEntriesWritten + 1);
    return read(path) !== "";
  }, cli);
  const last = log.totalEntriesWritten + 10;
  fill(log, last);
  await until(() => read(path).includes(`line ${last}\n`), cli);
  await stopped(cli);
  const first = Number(/^line (\d+)\n/.exec(read(path))?.[1]);
  assert.ok(first > 100);
  assert.equal(read(path), lines(first, last));
});

test("record rotates by size and keeps so many files", { skip: sameOnAll }, async () => {
  using log = makeLog();
  const path = `${folder}/rotated.txt`;
  const cli = startCli(["record", log.name, path, "--max-size", "1k", "--keep", "3"]);
  for (let to = 100; to <= 1000; to += 100) {
    fill(log, to);
    await until(() => read(path).includes(`line ${to}\n`), cli);
  }
  await stopped(cli);
  const all = [`${path}.3`, `${path}.2`, `${path}.1`, path].map(read);
  assert.ok(all.every((text) => text.length <= 1024 && text.length > 0));
  const text = all.join("");
  const first = Number(/^line (\d+)\n/.exec(text)?.[1]);
  assert.equal(text, lines(first, 1000));
  assert.ok(first > 1 && !existsSync(`${path}.4`));
});

test(
  "record ends with its log, after the last entry",
  { skip: needsLettingGo || sameOnAll },
  async () => {
    const log = makeLog();
    const path = `${folder}/ends.txt`;
    const cli = startCli(["record", log.name, path]);
    fill(log, 10);
    await until(() => read(path).includes("line 10\n"), cli);
    fill(log, 1000);
    log.close();
    assert.equal((await cli.ended()).code, 0);
    assert.equal(read(path), lines(1, 1000));
  },
);

test("record -F waits for a log, survives restarts of its writer, and marks them", {
  skip: needsLettingGo,
}, async () => {
  const name = uniqueName("record");
  const path = `${folder}/reopened.jsonl`;
  const cli = startCli(["record", name, path, "-F", "-o", "json"]);
  const first = makeLog(name);
  fill(first, 3);
  await until(() => read(path).includes("line 3"), cli);
  first.write("last words");
  first.close();
  using second = makeLog(name);
  fill(second, 2);
  await until(() => read(path).includes("reopened") && read(path).endsWith('line 2"}\n'), cli);
  await stopped(cli);
  const rows = read(path).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rows, [
    { seq: 1, text: "line 1" },
    { seq: 2, text: "line 2" },
    { seq: 3, text: "line 3" },
    { seq: 4, text: "last words" },
    { reopened: true, after: 4 },
    { seq: 1, text: "line 1" },
    { seq: 2, text: "line 2" },
  ]);
});

test("record --state continues where it ended, and says what was lost meanwhile", {
  skip: sameOnAll,
}, async () => {
  using log = makeLog();
  fill(log, 50);
  const path = `${folder}/continued.txt`;
  const args = ["record", log.name, path, "--state", `${folder}/position`];
  const once = async (last: number) => {
    const cli = startCli(args);
    await until(() => read(path).includes(`line ${last}\n`), cli);
    return stopped(cli);
  };
  await once(50);
  fill(log, 80);
  await once(80);
  assert.equal(read(path), lines(1, 80));
  fill(log, 30_000);
  const stderr = await once(30_000);
  const [, lost] = /(\d+) entries lost after entry 80\n/.exec(stderr) ?? [];
  assert.equal(
    read(path),
    `${lines(1, 80)}# ouroboros: ${lost} entries lost after entry 80\n` +
      lines(81 + Number(lost), 30_000),
  );
  writeFileSync(`${folder}/position`, '{"device": "no"}');
  const { code, stderr: complaint } = await startCli(args).ended();
  assert.equal(code, 1);
  assert.match(complaint, /cursor/);
});

test(
  "record --from new of a log that is yet to come takes all of it",
  { skip: sameOnAll },
  async () => {
    const name = uniqueName("record");
    const path = `${folder}/to-come.txt`;
    const cli = startCli(["record", name, path, "--from", "new"]);
    await cli.untilStderr((stderr) => /waiting for log/.test(stderr));
    using log = makeLog(name);
    fill(log, 10);
    await until(() => cli.process.exitCode !== null || existsSync(path), cli);
    fill(log, 20);
    await until(() => read(path).endsWith("line 20\n"), cli);
    await stopped(cli);
    assert.equal(read(path), lines(1, 20));
  },
);

test("record continues when nobody reads its standard error any more", async () => {
  const name = uniqueName("record");
  const path = `${folder}/unheard.txt`;
  const cli = startCli(["record", name, path]);
  cli.process.stderr?.destroy();
  // Longer than it waits until it says that it waits.
  await sleep(1500);
  using log = makeLog(name);
  fill(log, 10);
  await until(() => read(path) === lines(1, 10), cli);
  await stopped(cli);
});

test(
  "record writes neither into the log itself nor where its cursor will be",
  { skip: sameOnAll },
  () => {
    const path = `${folder}/itself.ring`;
    using log = ShmLogWriter.create({ path }, { chunkSize: 4096, chunkCount: 4 });
    fill(log, 10);
    const size = statSync(path).size;
    const itself = runCli(["record", path, path]);
    assert.equal(itself.code, 1);
    assert.match(
      itself.stderr,
      /^ouroboros: .*itself.ring is log .* itself: choose another file\n$/,
    );
    const dumped = runCli(["dump", "--name", path, "--output", path]);
    assert.equal(dumped.code, 1);
    assert.match(
      dumped.stderr,
      /^ouroboros: .*itself.ring is log .* itself: choose another file\n$/,
    );
    assert.equal(statSync(path).size, size);
    const out = `${folder}/both`;
    const both = runCli([
      "record",
      path,
      out,
      "--state",
      `${folder}/../${basename(folder)}/both`,
    ]);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /both is the file to record to: choose another file for --state\n$/);
    assert.ok(!existsSync(out));
  },
);

test("record adds no lines to a log", () => {
  using log = makeLog();
  log.write("line");
  const path = `${folder}/saved.log`;
  assert.equal(runCli(["save", log.name, path]).code, 0);
  const { size } = statSync(path);
  const { code, stderr } = runCli(["record", log.name, path]);
  assert.equal(code, 1);
  assert.match(stderr, /saved\.log is a log, and lines would damage it: choose another file\n$/);
  assert.equal(statSync(path).size, size);
});

test("what is no file is recorded into, but not rotated", {
  skip: notOnWindows("Windows has other devices"),
}, () => {
  using file = new RotatingFile("/dev/null", { keep: 1 });
  file.line(bytes("x"));
  assert.throws(() => new RotatingFile("/dev/null", { maxSize: 100, keep: 1 }), {
    name: "RangeError",
    message: /not a file/,
  });
});

test("record may keep any number of files", { skip: sameOnAll }, async () => {
  using log = makeLog();
  fill(log, 3);
  const path = `${folder}/many`;
  const most = Number.MAX_SAFE_INTEGER;
  const cli = startCli(["record", log.name, path, "--max-size", 7, "--keep", most]);
  await until(() => read(path) === lines(3, 3), cli);
  await stopped(cli);
  assert.deepEqual([".2", ".1"].map((end) => read(path + end)), [lines(1, 1), lines(2, 2)]);
});

test("record opens its file again at SIGHUP, as logrotate expects, and loses nothing", {
  skip: needsSignals,
}, async () => {
  using log = makeLog();
  const path = `${folder}/hup.txt`;
  const cli = startCli(["record", log.name, path, "-F"]);
  const hangUp = () => process.kill(cli.process.pid!, "SIGHUP");
  fill(log, 10);
  await until(() => read(path) === lines(1, 10), cli);
  // Nothing was renamed: it is the same file.
  hangUp();
  fill(log, 20);
  await until(() => read(path) === lines(1, 20), cli);
  renameSync(path, `${path}.old`);
  fill(log, 30);
  // A recorder that sees the first signal this late has opened the new file already.
  const inBoth = () => read(`${path}.old`) + read(path);
  await until(() => inBoth() === lines(1, 30), cli);
  hangUp();
  await until(() => existsSync(path), cli);
  const old = read(`${path}.old`);
  fill(log, 40);
  await until(() => inBoth() === lines(1, 40), cli);
  assert.equal(read(`${path}.old`), old);
  // The new one is this recorder's alone, too.
  assert.match(runCli(["record", log.name, path]).stderr, /another process records/);
  // Where none can be opened, it says so.
  renameSync(path, `${path}.2`);
  mkdirSync(path);
  hangUp();
  const { code, stderr } = await cli.ended();
  assert.equal(code, 1);
  assert.match(stderr, /is a folder: name a file in it/);
  assert.equal(old + read(`${path}.2`), lines(1, 40));
});

test(
  "record waits for its log through a SIGHUP, too",
  { skip: needsSignals || sameOnAll },
  async () => {
    const name = uniqueName("record");
    const path = `${folder}/early.txt`;
    const cli = startCli(["record", name, path]);
    await cli.untilStderr((stderr) => /waiting for log/.test(stderr));
    process.kill(cli.process.pid!, "SIGHUP");
    using log = makeLog(name);
    fill(log, 3);
    await until(() => read(path) === lines(1, 3), cli);
    await stopped(cli);
  },
);

test("record --from a number begins with that entry, and counts what is gone before it", {
  skip: sameOnAll,
}, async () => {
  using log = ShmLogWriter.create(uniqueName("record-from"), {
    chunkSize: 1024,
    chunkCount: 2,
    unlinkOnClose: true,
  });
  fill(log, 20);
  const path = `${folder}/from.txt`;
  const cli = startCli(["record", log.name, path, "--from", 18]);
  await until(() => read(path) === lines(18, 20), cli);
  fill(log, 22);
  await until(() => read(path) === lines(18, 22), cli);
  assert.match(await stopped(cli), /5 entries recorded, 0 lost/);
  const later = `${folder}/later.txt`;
  const next = startCli(["record", log.name, later, "--from", 24]);
  await until(() => existsSync(later), next);
  fill(log, 25);
  await until(() => read(later) === lines(24, 25), next);
  assert.match(await stopped(next), /2 entries recorded, 0 lost/);
});
