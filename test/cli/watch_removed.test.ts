/** `ouroboros watch`: a log that is gone before it is saved. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { targetOf } from "../../src/log/native/target.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { type Child, scriptCommand, startChild, uniqueName } from "../support/runtime.ts";
import {
  endWatch,
  OFTEN,
  recordsOf,
  savedIn,
  startWatch,
  untilLooked,
  untilTriggers,
} from "../support/watching.ts";

const skip = (process.platform === "darwin" && "this system does not list shared memory") ||
  (isWindows && "what is open can't be removed");
const folder = testFolder("watch-removed");
const names: string[] = [];
after(() => names.forEach((name) => SharedMemory.unlink(name)));

const script = new URL("./children/one_writer.ts", import.meta.url);

async function startWriter(name: string, end: string, ...lines: string[]): Promise<Child> {
  if (name.lastIndexOf("/") === 0) names.push(name);
  const child = startChild(script, [name, end, ...lines]);
  assert.equal(await child.nextLine(), "written");
  return child;
}

const line = (level: number, msg: string) => JSON.stringify({ level, time: Date.now(), msg });

/** A log in shared memory, or in a file, and how the one named is removed. */
const places = {
  "shared memory": (label: string) => uniqueName(label),
  "a file": (label: string) => join(folder, `${label}.log`),
};

function remove(name: string): void {
  if (name.startsWith(folder)) rmSync(name);
  else assert.ok(SharedMemory.unlink(name));
}

for (const [where, nameOf] of Object.entries(places)) {
  test(`an error in ${where} is saved after its log was removed`, { skip }, async () => {
    const name = nameOf("error");
    const dir = join(folder, `saved-${where.replace(" ", "-")}`);
    using log = ShmLogWriter.create(targetOf(name), { size: "256KiB" });
    log.write(line(30, "before"));
    const watches = [
      // As one log, with its numbers, and as one of several.
      await startWatch(name, "--when", "error", "--save", join(dir, "one")),
      await startWatch(`${name.slice(0, -1)}?`, "--when", "error", "--save", join(dir, "several")),
    ];
    log.write(line(50, "last words"));
    log.close();
    // At once: what was written is seen all the same.
    remove(name);
    for (const watch of watches) {
      await watch.untilStderr((stderr) => /in \/\S+-error\.log/.test(stderr));
    }
    for (const watch of watches) assert.match(await endWatch(watch), /: 2 entries(,| of 1 log,)/);
    for (const one of ["one", "several"]) {
      const [file, ...others] = savedIn(join(dir, one));
      assert.deepEqual(others, []);
      assert.deepEqual(
        recordsOf(join(dir, one, file)).map(({ msg }) => msg),
        ["before", "last words"],
      );
    }
  });

  test(`a writer of ${where} is dead, even if its log is removed at once`, { skip }, async () => {
    const name = nameOf("dead");
    const dir = join(folder, `dead-${where.replace(" ", "-")}`);
    const child = await startWriter(name, "kill", line(30, "last words"));
    try {
      const pattern = `${name.slice(0, -1)}?`;
      const args = ["--when", "dead", "--save", dir, "--after", "1s", ...OFTEN];
      const watch = await startWatch(pattern, ...args);
      await child.kill();
      // Seen to be gone, and not as often as a writer must be to be dead.
      await untilLooked(watch);
      remove(name);
      await watch.untilStderr((stderr) => /in \/\S+-dead\.log/.test(stderr));
      assert.match(await endWatch(watch), /1 trigger: 1 in 1 file/);
      const [last, dead, ...others] = recordsOf(join(dir, savedIn(dir)[0]));
      assert.deepEqual(others, []);
      assert.equal(last.msg, "last words");
      assert.equal(dead.logger, "ouroboros.watch");
      assert.equal(dead.lastEntry, 1);
      if (process.platform === "linux") assert.equal(dead.pid, child.pid);
    } finally {
      await child.kill();
    }
  });
}

test("a log is saved with the one that was removed and had its name before", { skip }, async () => {
  const name = uniqueName("next");
  names.push(name);
  const dir = join(folder, "next");
  using log = ShmLogWriter.create(name, { size: "256KiB" });
  const watch = await startWatch(name, "--when", "error", "--save", dir);
  log.write(line(50, "last words"));
  log.close({ unlink: true });
  using next = ShmLogWriter.create(name, { size: "256KiB", unlinkOnClose: true });
  next.write(line(30, "first words"));
  await watch.untilStderr((stderr) => /in \/\S+-error\.log/.test(stderr));
  assert.match(await endWatch(watch), /2 entries of 2 logs/);
  assert.deepEqual(
    recordsOf(join(dir, savedIn(dir)[0])).map(({ msg }) => msg),
    ["last words", "first words"],
  );
});

test("where no entry can be saved there is no file, and that is no success", { skip }, async () => {
  const name = uniqueName("future");
  names.push(name);
  const dir = join(folder, "nothing");
  using log = ShmLogWriter.create(name, { size: "256KiB", unlinkOnClose: true });
  for (const target of [name, `${name.slice(0, -1)}?`]) {
    // The middle one says a time that all others are long before, and the next one overwrites it.
    // It is saved when the watch ends, and not while this process may be late.
    const args = ["--when", "error", "--save", dir, "--after", "1h", ...OFTEN];
    const watch = await startWatch(target, ...args);
    log.write(JSON.stringify({ level: 50, time: Date.now() + 1e9, msg: "it" }));
    await untilTriggers(watch, 1);
    const text = JSON.stringify({ level: 30, time: Date.now(), msg: "x".repeat(1000) });
    for (let i = 0; i < 1000; i++) log.write(text);
    assert.match(
      await endWatch(watch),
      /not saved: nothing could be saved: .*\n.*1 times not saved/s,
    );
    assert.deepEqual(savedIn(dir), []);
  }
});

const unshare = ["-m", "--propagation", "private", "--kill-child"];
const canUnshare = process.platform === "linux" && process.getuid?.() === 0 &&
  spawnSync("unshare", [...unshare, "true"]).status === 0;

test(
  "the log of a container is saved when it dies, and its memory with it",
  { skip: skip || !canUnshare && "this needs the right to make a mount namespace" },
  async () => {
    const dir = join(folder, "container");
    const [command, args] = scriptCommand(script.pathname);
    const mount = 'mount -t tmpfs tmpfs /dev/shm && exec "$@"';
    const words = [...unshare.slice(0, 3), "sh", "-c", mount, "sh", command, ...args];
    const container = spawn("unshare", [...words, "/app.0", "kill", line(30, "before")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const died = new Promise((resolve) => container.once("exit", resolve));
    try {
      await new Promise((resolve) => container.stdout.once("data", resolve));
      const pattern = `/proc/${container.pid}/root/dev/shm/app.*`;
      const watch = await startWatch(pattern, "--when", "dead", "--when", "error", "--save", dir);
      await sleep(500);
      const log = { path: `/proc/${container.pid}/root/dev/shm/app.0` };
      assert.ok(existsSync(log.path));
      container.kill("SIGKILL");
      await died;
      assert.ok(!existsSync(log.path));
      await watch.untilStderr((stderr) => /in \/\S+-dead\.log/.test(stderr));
      assert.match(
        await endWatch(watch),
        new RegExp(`the process ${container.pid}, through which it was seen, has ended`),
      );
      const [last, dead] = recordsOf(join(dir, savedIn(dir)[0]));
      assert.equal(last.msg, "before");
      assert.equal(dead.pid, container.pid);
      assert.equal(dead.lastEntry, 1);
    } finally {
      container.kill("SIGKILL");
      await died;
    }
  },
);
