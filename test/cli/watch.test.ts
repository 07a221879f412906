/** `ouroboros watch`: what happens to logs of other processes is saved. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { Origins } from "../../src/ship/origins.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import {
  type Child,
  sameOnAll,
  scriptCommand,
  startChild,
  uniqueName,
} from "../support/runtime.ts";
import {
  endWatch,
  OFTEN,
  recordsOf,
  savedIn,
  startWatch,
  untilTriggers,
} from "../support/watching.ts";

const skip = (process.platform === "darwin" && "this system does not list shared memory") ||
  (isWindows && "shared memory goes with its writer");
const folder = testFolder("watch");
const open: ShmLogWriter[] = [];
after(() => open.forEach((writer) => writer.close()));

function makeLog(name: string): ShmLogWriter {
  const writer = ShmLogWriter.create(name, { size: "256KiB", unlinkOnClose: true });
  open.push(writer);
  return writer;
}

/** The next writer of a log that is there. */
function makeNext(name: string): void {
  open.push(ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: true }));
}

const line = (level: number, msg: string, time: number = Date.now()) =>
  JSON.stringify({ level, time, msg });

const texts = (path: string) => recordsOf(path).map(({ msg }) => msg);

test(
  "an error in one log is saved with what all had written before and after it",
  { skip },
  async () => {
    const name = uniqueName("watch");
    const [one, two] = [makeLog(`${name}.0`), makeLog(`${name}.1`)];
    const dir = join(folder, "error");
    const now = Date.now();
    one.write(line(30, "long ago", now - 60_000));
    two.write(line(50, "an error of before", now - 20_000));
    const watch = await startWatch(
      `${name}.*`,
      "--when",
      "error",
      "--save",
      dir,
      "--after",
      "1s",
      "--min-interval",
      "1h",
      "--summary",
      "100ms",
    );
    one.write(line(30, "one", now));
    two.write(line(50, "it", now + 1));
    one.write(line(30, "after", now + 2));
    two.write(line(50, "again", now + 3));
    await watch.untilStderr((stderr) => stderr.includes("in /"));
    two.write(line(50, "later", now + 4));
    two.write(line(60, "later", now + 5));
    // Seen, and to be saved later.
    await watch.untilStderr((stderr) => stderr.includes("4 triggers: 2 in 1 file, 2 to come"));
    const [file, ...others] = savedIn(dir);
    assert.deepEqual(others, []);
    const stderr = await endWatch(watch);
    assert.match(
      stderr,
      /error in (\S+\.1): 5 entries of 2 logs, .* in \S+-error\.log; with 1 more: error in \1\n/,
    );
    assert.match(stderr, /4 triggers: 4 in 2 files\n/);
    assert.match(file, new RegExp(`^${name.slice(1)}-\\d{8}T\\d{6}\\.\\d{3}Z-error\\.log$`));
    const path = join(dir, file);
    assert.deepEqual(texts(path), ["an error of before", "one", "it", "after", "again"]);
    using origins = Origins.open({ path });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((number) => origins.of(number)?.source.name.at(-1)).join(""),
      "10101",
    );
  },
);

test(
  "logs that begin to match later are watched; one log is saved with its own numbers",
  { skip: skip || sameOnAll },
  async () => {
    const name = uniqueName("watch");
    const dir = join(folder, "later");
    const watch = await startWatch(`${name}.*`, "--when", "error", "--save", dir, "--after", "0s");
    const log = makeLog(`${name}.7`);
    log.write(line(50, "it"));
    await watch.untilStderr((stderr) => /in \S+\.7: 1 entry/.test(stderr));
    await endWatch(watch);
    const single = await startWatch(log.name, "--when", "warn", "--save", dir, "--after", "0s");
    log.write(line(40, "a warning"));
    await single.untilStderr((stderr) => /in \S+\.7: 2 entries, /.test(stderr));
    await endWatch(single);
    const warned = savedIn(dir).find((file) => file.includes("warn"))!;
    const [first] = runCli(["tail", "--all", "--json", join(dir, warned)]).stdout.split("\n");
    assert.equal(JSON.parse(first).source, undefined);
  },
);

const script = new URL("./children/one_writer.ts", import.meta.url);

async function startWriter(name: string, end: string, ...lines: string[]): Promise<Child> {
  const child = startChild(script, [name, end, ...lines]);
  assert.equal(await child.nextLine(), "written");
  return child;
}

test(
  "a writer that is killed is dead; one that finishes or removes its log is not",
  { skip },
  async () => {
    const name = uniqueName("dead");
    const dir = join(folder, "dead");
    const children: Child[] = [];
    try {
      const ended = JSON.stringify({ level: "info", logger: "ouroboros.run", exitCode: 0 });
      for (const [i, end] of ["finish", "remove", "close", "kill", "close", "close"].entries()) {
        const by = ["register", "exit"][i - 4] ?? "run";
        const last = end === "close" ? [ended.replace("run", by)] : [];
        children.push(await startWriter(`${name}.${i}`, end, line(30, `last of ${end}`), ...last));
      }
      // One that was dead before.
      makeLog(`${name}.9`).close({ unlink: false });
      const watch = await startWatch(`${name}.*`, "--when", "dead", "--save", dir, "--after", "0s");
      const [killed] = children.splice(3, 1);
      for (const child of children) {
        await child.say("end");
        await child.ended();
      }
      children.push(killed);
      await sleep(1500);
      assert.deepEqual(savedIn(dir), []);
      await killed.kill();
      await watch.untilStderr((stderr) => stderr.includes(`dead in ${name}.3`));
      assert.match(await endWatch(watch), /1 trigger: 1 in 1 file/);
      const path = join(dir, savedIn(dir)[0]);
      assert.ok(texts(path).includes("last of kill"));
      // Which one it was is in the file, too.
      const found = runCli([
        "tail",
        path,
        "--where",
        `about:="${hostname()}${name}.3" logger:ouroboros.watch`,
      ]);
      assert.match(found.stdout, new RegExp(`"level":"error",.*"msg":"dead: ${name}\\.3[",]`));
      // It is one of watch, and not one of that log.
      const counts = runCli(["tail", path, "--where", "log:watch", "--count-by", "log"]).stdout;
      assert.match(counts, /ouroboros watch/);
    } finally {
      for (const child of children) await child.kill();
      for (let i = 0; i < 10; i++) SharedMemory.unlink(`${name}.${i}`);
    }
  },
);

test("a writer that is killed with all processes around it is dead to a watch outside", {
  skip: skip || process.platform !== "linux" && "no namespaces",
}, async (t) => {
  const alone = ["--pid", "--fork", "--mount-proc", "--kill-child"];
  if (spawnSync("unshare", [...alone, "true"]).status !== 0) {
    return t.skip("no namespace of processes to be had");
  }
  const name = uniqueName("inside");
  const dir = join(folder, "inside");
  const [command, args] = scriptCommand(fileURLToPath(script));
  const inside = spawn("unshare", [
    ...alone,
    command,
    ...args,
    `${name}.0`,
    "kill",
    line(30, "last words"),
  ]);
  const closed = once(inside, "close");
  try {
    await once(inside.stdout, "data");
    const watch = await startWatch(`${name}.*`, "--when", "dead", "--save", dir, "--after", "0s");
    inside.kill("SIGKILL");
    await watch.untilStderr((stderr) => stderr.includes(`dead in ${name}.0`));
    assert.match(await endWatch(watch), /1 trigger: 1 in 1 file/);
    const path = join(dir, savedIn(dir)[0]);
    assert.match(runCli(["tail", "--all", "-o", "text", path]).stdout, /last words/);
  } finally {
    inside.kill("SIGKILL");
    await closed;
    SharedMemory.unlink(`${name}.0`);
  }
});

test(
  "a writer that was killed is dead once, even if the next one has its log at once",
  { skip: skip || process.platform !== "linux" && "this system does not tell who writes" },
  async () => {
    const name = uniqueName("next");
    const ended = JSON.stringify({ level: "info", logger: "ouroboros.run", exitCode: 0 });
    const killed = await startWriter(`${name}.0`, "kill", line(30, "last words"));
    const closed = await startWriter(`${name}.1`, "close", ended);
    try {
      const watch = await startWatch(`${name}.*`, "--when", "dead", "--min-interval", "0s");
      const count = () => watch.stderr.split("dead in").length - 1;
      // It has seen who writes.
      await sleep(500);
      await killed.kill();
      makeNext(`${name}.0`);
      await closed.say("end");
      await closed.ended();
      makeNext(`${name}.1`);
      await watch.untilStderr((stderr) => stderr.includes(`dead in ${name}.0`));
      await sleep(1500);
      assert.equal(count(), 1, watch.stderr);
      await endWatch(watch);
    } finally {
      await killed.kill();
      await closed.kill();
    }
  },
);

test(
  "silence is reported once, until something is written",
  { skip: skip || sameOnAll },
  async () => {
    const name = uniqueName("silent");
    const log = makeLog(`${name}.0`);
    makeLog(`${name}.0.watch`);
    const watch = await startWatch(`${name}.*`, "--when", "silent:300ms", "--min-interval", "0s");
    const count = () => watch.stderr.split("silent in").length - 1;
    await watch.untilStderr(() => count() === 1);
    await sleep(1000);
    assert.equal(count(), 1);
    log.write("a sign of life");
    await watch.untilStderr(() => count() === 2);
    await endWatch(watch);
  },
);

test(
  "what a watchdog says is seen in its own log, with the names of its program only",
  { skip: skip || sameOnAll },
  async () => {
    const name = uniqueName("blocked");
    makeLog(name);
    const dog = makeLog(`${name}.watch`);
    const watch = await startWatch(name, "--when", "blocked");
    dog.write(
      '{"time":"2026-11-30T00:00:00.000Z","level":"error","logger":"ouroboros.watchdog","blocked":true}',
    );
    await watch.untilStderr((stderr) => stderr.includes(`blocked in ${name}.watch`));
    await endWatch(watch);
  },
);

test("Ctrl-C saves what was about to be saved, and says how much it was", { skip }, async () => {
  const log = makeLog(uniqueName("leaving"));
  const dir = join(folder, "leaving");
  const args = ["--when", "error", "--save", dir, "--after", "1h", ...OFTEN];
  const watch = await startWatch(log.name, ...args);
  log.write(line(50, "it"));
  // The file would come in an hour.
  await untilTriggers(watch, 1);
  assert.deepEqual(savedIn(dir), []);
  const stderr = await endWatch(watch);
  assert.match(stderr, /1 trigger: 1 in 1 file/);
  assert.deepEqual(texts(join(dir, savedIn(dir)[0])), ["it"]);
});

test("the newest files are kept, and nobody else's is touched", { skip }, async () => {
  const log = makeLog(uniqueName("keeping"));
  const dir = join(folder, "keeping");
  mkdirSync(dir);
  const others = [`${log.name.slice(1)}-db-20261129T200000.000Z-error.log`, "notes.txt"];
  for (const name of others) writeFileSync(join(dir, name), "");
  const args = ["--when", "error", "--save", dir, "--after", "0s", "--min-interval", "0s"];
  const watch = await startWatch(log.name, ...args, "--keep", "2");
  for (let i = 1; i <= 4; i++) {
    log.write(line(50, `error ${i}`));
    await watch.untilStderr((stderr) => stderr.split("-error.log").length > i);
  }
  await endWatch(watch);
  const kept = savedIn(dir).filter((file) => !others.includes(file));
  assert.equal(kept.length, 2);
  assert.deepEqual(kept.map((file) => texts(join(dir, file)).at(-1)), ["error 3", "error 4"]);
  for (const name of others) assert.ok(existsSync(join(dir, name)), name);
});

test("mistakes are errors before anything is watched", { skip: sameOnAll }, () => {
  const cases: [args: string[], code: number, pattern: RegExp][] = [
    [["/a"], 2, /--when/],
    [["/a", "--when", "eror"], 2, /did you mean "error"/],
    [["/a", "--when", "status:>"], 2, /--when/],
    [["/a", "--when", "error", "--exec", "notify {file}"], 2, /\{file\} needs a folder/],
    [["/a", "--when", "error", "--exec", "it's"], 2, /every quote is closed/],
    [["/a", "--when", "error", "--save", join(folder, "mistake"), "--keep", "0"], 2, /from 1 on/],
  ];
  for (const [args, code, pattern] of cases) {
    const result = runCli(["watch", ...args]);
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.stderr, pattern);
  }
});
