/** Errors name the log, say what is wrong, and what to do next. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { saveLog, ShmLogReader, ShmLogWriter } from "../mod.ts";
import { CircularBufferWriter } from "../src/circular/mod.ts";
import { EventLogWriter } from "../src/events/mod.ts";
import { MemMapRingBuffer } from "../src/ring/mod.ts";
import { shmDestination } from "../src/sinks/pino.ts";
import { runHere, startCli } from "./support/cli.ts";
import { isWindows } from "./support/platform.ts";
import { uniqueName } from "./support/runtime.ts";

const SMALL = { chunkSize: 4096, chunkCount: 2, unlinkOnClose: true };
const needsLinux = process.platform === "linux"
  ? false
  : "only Linux tells which process holds a lock";
const folder = mkdtempSync(join(tmpdir(), "ouroboros-messages-"));
after(() => rmSync(folder, { recursive: true }));

test("what is not there is named as what was asked for", async () => {
  const name = uniqueName("messages");
  const path = join(folder, "nothing");
  const missing = { name: "SegmentNotFoundError", message: `no log named "${name}"` };
  assert.throws(() => ShmLogReader.open(name), missing);
  const plain = name.slice(1);
  // On Windows that is another name.
  assert.throws(
    () => ShmLogReader.open(plain),
    isWindows ? { message: `no log named "${plain}"` } : missing,
  );
  assert.throws(() => ShmLogReader.open({ path }), { message: `no file "${path}"` });
  await assert.rejects(saveLog(name, join(folder, "x")), missing);
  const deep = join(folder, "no-folder", "log");
  const noFolder = {
    name: "SegmentNotFoundError",
    message: `no folder "${dirname(deep)}": make it first`,
  };
  assert.throws(() => ShmLogWriter.create({ path: deep }), noFolder);
  for (const path of process.platform === "linux" ? ["/proc/log", "/proc/{slot}.log"] : []) {
    assert.throws(() => ShmLogWriter.create({ path }), {
      name: "SystemCallError",
      message: 'no file can be made in folder "/proc": choose another folder',
    });
  }
  using _log = ShmLogWriter.create(name, SMALL);
  await assert.rejects(saveLog(name, deep), noFolder);
  assert.throws(() => ShmLogWriter.create(name, { ...SMALL, ifExists: "fail" }), {
    name: "SegmentExistsError",
    message: `log "${name}" exists already: use ifExists: "resume" or "replace"`,
  });
});

test("a first mistake is answered with what to give", () => {
  assert.throws(() => shmDestination("/app" as never), {
    name: "TypeError",
    message: 'options of shmDestination() is "/app" (string), but must be an object, ' +
      'like { target: "/app" }',
  });
  if (isWindows) return;
  assert.throws(() => ShmLogWriter.create("./app.log"), {
    name: "RangeError",
    message: 'name "./app.log" contains a slash: only the path of a file may, ' +
      'like { path: "./app.log" }',
  });
  assert.throws(() => MemMapRingBuffer.open(folder), {
    name: "SystemCallError",
    message: /failed: it is a folder; name a file in it$/,
  });
});

test("commands say what there is", async () => {
  const near = uniqueName("messages-near");
  using _log = ShmLogWriter.create(near, SMALL);
  writeFileSync(join(folder, "lines"), "a line\n");
  const lines = join(folder, "lines");
  const noFolder = 'no folder "/no-folder": make it first';
  const cases: [args: string[], message: string][] = [
    [
      ["stat", "/nope-at-all"],
      'no log named "/nope-at-all"; "ouroboros list" shows those that exist',
    ],
    [
      ["replay", "nope-at-all.txt", "/x"],
      'no log named "/nope-at-all.txt", and no file "./nope-at-all.txt"; ' +
      '"ouroboros list" shows those that exist',
    ],
    [
      ["stat", near.replace("near", "neer")],
      `no log named "${near.replace("near", "neer")}"; did you mean "${near}"? ` +
      '"ouroboros list" shows those that exist',
    ],
    [["save", near, "/no-folder/x"], noFolder],
    [["record", near, "/no-folder/x"], noFolder],
    [["record", near, folder], `"${folder}" is a folder: name a file in it`],
    [["tail", near, "--state", "/no-folder/x"], noFolder],
    [
      ["record", `${near}*`, lines],
      `"${lines}" is not a folder, and one is needed: choose another path`,
    ],
    [
      ["replay", join(folder, "lines"), near],
      `log "${near}" exists already: use --if-exists resume, or replace`,
    ],
    [
      ["write", "/no-such-log", "--size", "5G"],
      "size is 5368709120, but a log has at most 4294967292 bytes",
    ],
    [["tail", "/no/file"], 'no file "/no/file"; a log in shared memory has a name like /app'],
    [
      ["remove", "/nope-at-all"],
      'no log named "/nope-at-all"; "ouroboros list" shows those that exist',
    ],
  ];
  if (process.platform !== "win32") {
    const message = `a part of "${lines}/x" is a file, and no folder: choose another path`;
    cases.push([["record", near, `${lines}/x`], message]);
    // A file of the folder that the tests run in.
    const file = 'no log named "/deno.json"; for the file: ./deno.json';
    cases.push([["remove", "deno.json"], file]);
  }
  for (const [args, message] of cases) {
    const { code, stderr } = await runHere(...args);
    // On Windows some have it with its drive.
    const said = ["/no-folder", "/no/file"]
      .reduce((text, path) => text.replace(resolve(path), path), stderr);
    assert.deepEqual([code, said], [1, `ouroboros: ${message}\n`]);
  }
});

test("a writer that is alive is named by its process, with what to do", {
  skip: needsLinux,
}, async () => {
  const name = uniqueName("messages-writer");
  const path = join(folder, "log");
  for (const target of [name, { path }]) {
    const shown = typeof target === "string" ? target : path;
    const running = startCli(["write", shown, "--tee"]);
    running.process.stdin?.write("line\n");
    await running.until((stdout) => stdout.includes("line"));
    const pid = running.process.pid;
    const [what, slot] = typeof target === "string"
      ? [`log "${name}"`, `"${name}.{slot}"`]
      : [`log file "${path}"`, `{ path: "${path}.{slot}" }`];
    assert.throws(() => ShmLogWriter.create(target, { ...SMALL, ifExists: "resume" }), {
      name: "WriterLockedError",
      message: `${what} has a living writer (pid ${pid}): use one log per process: target ${slot}`,
    });
    const removal = await runHere("remove", shown);
    assert.equal(
      removal.stderr,
      `ouroboros: ${what} has a living writer (pid ${pid}): stop it, or use --force\n`,
    );
    running.process.stdin?.end();
    assert.equal((await running.ended()).code, 0);
  }
});

test("a writer of this process is named as such, of each kind", { skip: needsLinux }, () => {
  const name = uniqueName("messages-own");
  using _log = ShmLogWriter.create(name, SMALL);
  const message = `log "${name}" has a living writer in this process: close that first`;
  assert.throws(
    () => ShmLogWriter.create(name, { ...SMALL, ifExists: "resume" }),
    { message },
  );

  const path = join(folder, "events");
  using _events = EventLogWriter.create(path);
  assert.throws(() => EventLogWriter.open(path), /has a living writer in this process/);

  const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 4096 };
  using _buffer = CircularBufferWriter.open(spec);
  assert.throws(() => CircularBufferWriter.open(spec), {
    message: `circular buffer "${name}-data" has a living writer in this process: close that first`,
  });
});

test("what is no log is named, and left as it is", async () => {
  const path = join(folder, "text");
  writeFileSync(path, "a text of some length that is no log");
  assert.throws(() => ShmLogReader.open({ path }), (error: Error) => error.message.includes(path));
  assert.throws(
    () => ShmLogWriter.create({ path }, { ...SMALL, ifExists: "replace" }),
    /not a log\. They were not changed: choose another name, or remove it$/,
  );
  const { code, stderr } = await runHere("tail", path);
  assert.equal(code, 1);
  assert.match(stderr, /^ouroboros: log file ".*[\\/]text": not a log/);
});
