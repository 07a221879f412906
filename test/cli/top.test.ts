/** `ouroboros top`: what it knows, and its screen in a real pseudo-terminal. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { inspect, segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import { fullFence } from "../../src/fence.ts";
import { outline } from "../../src/log/outline.ts";
import { lookAtAll } from "../../src/cli/list.ts";
import { History } from "../../src/cli/top/history.ts";
import { writerPids } from "../../src/cli/top/processes.ts";
import { frame } from "../../src/cli/top/plain_screen.ts";
import { NamedLogs } from "../../src/cli/options/named_logs.ts";
import { sparkline, vitalsLines, VitalsWatch } from "../../src/cli/top/vitals.ts";
import { Watch } from "../../src/cli/top/watch.ts";
import { columnsOf } from "../../src/cli/output/columns.ts";
import { oneLine } from "../../src/cli/output/harmless.ts";
import { ageWord, chunkBar, rateWord, sorted } from "../../src/cli/top/words.ts";
import { runCli } from "../support/cli.ts";
import { scriptCommand, slowness, uniqueName } from "../support/runtime.ts";

/** A page, and so as large on all systems. */
const SMALL = { chunkSize: 1004, chunkCount: 4 };

test("an outline says the same as a thorough inspection, at any length of a log", () => {
  const memory = new ArrayBuffer(segmentSize(4, 256));
  const writer = Writer.create(memory, { chunkCount: 4 });
  for (let i = 0; i < 400; i++) {
    const found = outline(memory, fullFence);
    const info = inspect(memory);
    assert.deepEqual([found.total, found.entries], [info.lastSequenceNumber, info.entries]);
    info.chunks.forEach((chunk, index) => {
      const there = chunk.state === "full" || chunk.state === "current";
      assert.equal(found.chunkEntries[index], there ? chunk.entries : 0, `${i}, ${index}`);
      const bytes = found.chunkBytes[index];
      // What a wrap mark leaves free at the end of a lap is not told apart.
      assert.ok(bytes === chunk.bytesUsed || (there && index === 3 && bytes < 256 + 40), `${i}`);
    });
    writer.write(new Uint8Array((i * 7) % 32));
  }
});

test("the process of a writer is known by its lock, unless two file systems have such an inode", () => {
  const locks = [
    "1: FLOCK  ADVISORY  WRITE 11 00:1a:5 0 EOF",
    "2: FLOCK  ADVISORY  WRITE 22 00:1b:6 0 EOF",
    "3: FLOCK  ADVISORY  WRITE 33 00:1a:6 0 EOF",
    "4: FLOCK  ADVISORY  WRITE 0 00:1a:7 0 EOF",
    "5: FLOCK  ADVISORY  WRITE -1 00:1a:8 0 EOF",
    "6: FLOCK  ADVISORY  READ 44 00:1a:9 0 EOF",
    "",
  ];
  assert.deepEqual([...writerPids(locks)], [["5", 11]]);
});

test("the history knows speeds, and when an entry was written", () => {
  const history = new History();
  assert.equal(history.rate, undefined);
  assert.equal(history.ageOf(1), undefined);
  history.add(0, 1000);
  assert.equal(history.ageOf(500), undefined);
  for (let time = 1000; time <= 10_000; time += 1000) history.add(time, 1000 + time);
  assert.equal(history.rate, 1000);
  assert.deepEqual(history.ageOf(9000), { age: 2000, isExact: true });
  assert.deepEqual(history.ageOf(2500), { age: 8500, isExact: true });
  assert.deepEqual(history.ageOf(500), { age: 10_500, isExact: false });
  for (let i = 0; i < 5000; i++) history.add(11_000 + i, 11_000);
  assert.equal(history.rate, 0);
  assert.equal(history.ageOf(500), undefined);
  assert.deepEqual(history.ageOf(10_500), { age: 6499, isExact: true });
  for (let i = 0; i < 2000; i++) history.add(16_000 + i * 10, 11_000 + i);
  // Old moments are remembered less and less exactly.
  const { age } = history.ageOf(12_000)!;
  assert.ok(Math.abs(age - 9990) < 1000, String(age));
});

test("words are short, and names can't play tricks", () => {
  assert.deepEqual([undefined, 0, 2.34, 1234, 12_345, 3.2e6].map(rateWord), [
    "",
    "0",
    "2.3",
    "1234",
    "12.3k",
    "3.20M",
  ]);
  const age = (ms: number, isExact = true) => ageWord({ age: ms, isExact });
  assert.deepEqual(
    [age(1234), age(65_000, false), age(6e5), age(1e7), age(1e9), age(1e15), ageWord(undefined)],
    ["1.2 s", "~65 s", "10 min", "3 h", "12 d", "long", "?"],
  );
  assert.equal(oneLine("a\x1b[2J\nb\x1b[31mc\u202e"), "a\\x1b[2J\\nbc\\u202e");
});

test("a watch sees logs come, go, be replaced, and sorts them", async () => {
  const watch = new Watch();
  const mine = async (name: string) => (await watch.look()).find((look) => look.name === name);
  const name = uniqueName("top");
  assert.equal(await mine(name), undefined);
  using log = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
  for (let i = 0; i < 100; i++) log.write(`line ${i}`);
  const look = await mine(name);
  assert.deepEqual([look?.isAlive, look?.outline?.total, look?.rate], [true, 100, undefined]);
  if (process.platform === "linux") assert.equal(look?.writerPid, process.pid);
  assert.equal(chunkBar(look!, 10).text, "█▂··");
  assert.equal(chunkBar(look!, 2).text.length, 2);
  log.write("more");
  // The clock may know milliseconds only.
  await sleep(2);
  assert.ok(((await mine(name))?.rate ?? 0) > 0);
  log.close();
  assert.equal(await mine(name), undefined);
  using second = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
  second.write("new");
  const { total, entries } = (await mine(name))?.outline ?? {};
  assert.deepEqual([total, entries], [1, 1]);
  using other = ShmLogWriter.create(uniqueName("top"), {
    unlinkOnClose: true,
    ...SMALL,
    chunkCount: 8,
  });
  const looks = (await watch.look()).filter((one) => [name, other.name].includes(one.name));
  const order = (key: "name" | "size" | "last") => sorted(looks, key).map((one) => one.name);
  assert.deepEqual(order("size"), [other.name, name]);
  assert.deepEqual(order("last"), [name, other.name]);
  assert.deepEqual(order("name"), [name, other.name].sort());
});

test("a writer that finishes while its log is looked at was alive, or is finished, and never dead", async (t) => {
  const { isLocked } = SharedMemory.prototype;
  t.after(() => void (SharedMemory.prototype.isLocked = isLocked));
  const look = {
    list: (name: string) => lookAtAll([name])[0],
    top: async (name: string) => (await new Watch(new NamedLogs([name])).look())[0].outline,
  };
  for (const [command, lookAt] of Object.entries(look)) {
    const writer = ShmLogWriter.create(uniqueName("top"), { version: 2, ...SMALL });
    writer.write("last words");
    SharedMemory.prototype.isLocked = function () {
      if (this.name === writer.name) {
        writer.finish();
        writer.close();
        SharedMemory.prototype.isLocked = isLocked;
      }
      return isLocked.call(this);
    };
    const found = await lookAt(writer.name);
    SharedMemory.unlink(writer.name);
    assert.equal(found?.isFinished, true, command);
  }
});

test("top without a terminal, or with --once, prints a table or JSON and ends", () => {
  using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
  for (let i = 0; i < 100; i++) log.write(`line ${i}`);
  const { code, stdout, stderr } = runCli(["top", log.name, "-d", "0.1"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^NAME +WRITER .*CHUNKS\n/);
  assert.match(stdout, new RegExp(`\n${log.name} +(${process.pid}|alive) +0 .* 100 +\\? +█▂··\n$`));
  const [look] = JSON.parse(runCli(["top", log.name, "--once", "-d", "0.1", "-o", "json"]).stdout);
  assert.deepEqual([look.name, look.lastSequenceNumber, look.entriesPerSecond], [log.name, 100, 0]);
  assert.equal(runCli(["top", "-d", "0"]).code, 2);
});

test("top without a terminal says which logs that were named are not there", () => {
  using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
  const nope = uniqueName("nope");
  const none = runCli(["top", `${nope}*`, "--once"]);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
  assert.equal(none.stderr, `ouroboros: no log matches "${nope}*"\n`);
  const { code, stdout, stderr } = runCli(["top", log.name, nope, "-d", "0.1", "--json"]);
  assert.deepEqual([code, JSON.parse(stdout).length], [1, 1]);
  assert.ok(stderr.startsWith(`ouroboros: no log named "${nope}"; `), stderr);
});

/** An entry of vitals at a second. */
const vitals = (second: number, cpuPercent: number) =>
  JSON.stringify({
    time: new Date(1_700_000_000_000 + second * 1000).toISOString(),
    level: "debug",
    logger: "ouroboros.vitals",
    msg: "",
    cpuPercent,
  });

test("vitals are lines with their last value and a chart", () => {
  assert.equal(sparkline([0, 1, 2, 4, undefined, 8], 10), "▁▂▃▅ █");
  assert.equal(sparkline([0, 0], 10), "▁▁");
  assert.equal(sparkline([1, 2, 3, 4], 2), "▇█");
  assert.equal(sparkline([1], 0), "");
  const sample = (time: number) => ({ time, cpu: time * 10, rss: 2 ** 20 * 50.5 });
  assert.deepEqual(vitalsLines([sample(1), sample(2)], 40), [
    "CPU            20 %  ▅█",
    "Memory     50.5 MiB  ██",
  ]);
  assert.deepEqual(vitalsLines([], 40), []);
});

test("the vitals of a log are read as they come, also of the next log of that name", () => {
  const name = uniqueName("top");
  using watch = new VitalsWatch(name);
  const seen = () => watch.look().map(({ cpu }) => cpu);
  assert.deepEqual(seen(), []);
  const options = { size: "64KiB", unlinkOnClose: true };
  using first = ShmLogWriter.create(name, options);
  first.writeMany(["a line", vitals(1, 10), "a line", vitals(2, 20)]);
  assert.deepEqual(seen(), [10, 20]);
  first.write(vitals(3, 30));
  assert.deepEqual(seen(), [10, 20, 30]);
  first.close();
  using second = ShmLogWriter.create(name, options);
  second.write(vitals(4, 40));
  assert.deepEqual(seen(), [10, 20, 30, 40]);
});

/** Why there can be no terminal here. */
const noTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0
  ? false
  : "there is no program `script` of util-linux";

/** A command, or a script beside this one, in a pseudo-terminal of 80 × 24. */
function inTerminal(args: string[], script = "../../src/cli/main.ts"): {
  screen(): string;
  press(keys: string): void;
  /** Waits for it; presses keys meanwhile, which get lost before the screen listens. */
  until(pattern: RegExp, keys?: string): Promise<void>;
  /** The processes in it: the command. */
  pids(): number[];
  signal(name: "SIGTERM"): void;
  ended(): Promise<number | null>;
  [Symbol.dispose](): void;
} {
  const [command, fixed] = scriptCommand(fileURLToPath(new URL(script, import.meta.url)));
  const line = [command, ...fixed, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty rows 24 cols 80; exec ${line}`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm-256color", NO_COLOR: undefined, CI: undefined },
    timeout: 180_000,
    killSignal: "SIGKILL",
  });
  let found: number[] = [];
  const pids = () => {
    if (found.length === 0) {
      const { stdout } = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" });
      found = stdout.split("\n").filter(Boolean).map(Number);
    }
    return found;
  };
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => screen += text);
  const end = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    screen: () => screen,
    press: (keys) => void child.stdin.write(keys),
    async until(pattern, keys) {
      for (let i = 0; !pattern.test(screen); i++) {
        if (keys !== undefined && i % 20 === 0) child.stdin.write(keys);
        assert.ok(i < 6000 * slowness, `in vain for ${pattern}: ${JSON.stringify(screen)}`);
        await sleep(10);
      }
    },
    pids,
    signal: (name) => void process.kill(pids()[0], name),
    ended: () => end,
    // Whatever becomes of the test: without its terminal the command ends, too.
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

/** Whether a process runs: one that has ended stays in the list until somebody asks how. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The two screens: with Ink, and without it. */
const SCREENS: [title: string, args: (name: string) => string[], script?: string][] = [
  ["top", (name) => ["top", name, "-d", "0.1"]],
  ["top without Ink", (name) => [name, "100"], "./children/plain_top.ts"],
];

const SHOWN = "\x1b[?1049h";
const RESTORED = "\x1b[?1049l";

test("top in a terminal shows logs and details, and q gives the terminal back", {
  skip: noTerminal,
}, async () => {
  using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
  log.writeMany([vitals(1, 5), vitals(2, 10)]);
  using terminal = inTerminal(["top", log.name, "-d", "0.1"]);
  await terminal.until(new RegExp(`ouroboros top[^]*REACHES BACK[^]*${log.name}`));
  assert.ok(terminal.screen().includes(SHOWN));
  await terminal.until(/2 entries there, 2 written[^]*chunk +entries/, "\x1b[C");
  await terminal.until(/CPU +10 % {2}▅█/);
  terminal.press("\x1b[D");
  await terminal.until(/enter detail[^]*enter detail/);
  terminal.press("q");
  assert.equal(await terminal.ended(), 0);
  const screen = terminal.screen();
  assert.ok(screen.lastIndexOf(RESTORED) > screen.lastIndexOf(SHOWN));
  assert.ok(
    screen.lastIndexOf("\x1b[?25h") > screen.lastIndexOf("\x1b[?25l"),
    "the cursor is back",
  );
});

test("top without Ink shows a table, says what to install, and fits its terminal", {
  skip: noTerminal,
}, async () => {
  using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
  log.writeMany(["one", "two"]);
  using terminal = inTerminal([log.name, "3600000"], "./children/plain_top.ts");
  const row = `${log.name.slice(0, 12)}\\S* +(${process.pid}|alive) .* 2 +\\? +▁···`;
  await terminal.until(new RegExp(`1 log, 0 entries/s.*\\s+NAME .*CHUNKS.*\\s+${row}`));
  await terminal.until(/q quit .*npm install ink react/);
  assert.ok(terminal.screen().includes(SHOWN));
  // A resize is seen at once; the next look is in an hour.
  const device = readlinkSync(`/proc/${terminal.pids()[0]}/fd/0`);
  assert.equal(spawnSync("stty", ["-F", device, "rows", "3", "cols", "20"]).status, 0);
  await terminal.until(/ouroboros ….*\s+NAME[^…]*….*\s+q quit[^…]*….*$/);
  assert.equal(spawnSync("stty", ["-F", device, "rows", "0", "cols", "0"]).status, 0);
  await terminal.until(new RegExp(`q quit[^…]*….*${row}[^…]*install ink react.*$`, "s"));
  terminal.press("q");
  assert.equal(await terminal.ended(), 0);
  assert.ok(terminal.screen().endsWith(`\x1b[?25h${RESTORED}`));
});

test("a frame of the plain screen fits, however small the terminal", async () => {
  using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
  const looks = await new Watch(new NamedLogs([log.name])).look();
  for (let rows = 1; rows < 8; rows++) {
    for (const columns of [1, 7, 80, 200]) {
      const text = frame([...looks, ...looks, ...looks], columns, rows);
      // deno-lint-ignore no-control-regex
      const lines = text.replace(/\x1b\[\w/g, "").split("\r\n");
      assert.ok(lines.length <= rows, `${lines.length} lines of ${rows}`);
      for (const line of lines) assert.ok(columnsOf(line) <= columns, `"${line}" in ${columns}`);
      if (rows > 3) assert.match(lines.at(-2) ?? "", rows < 6 ? /^and|^a?…$/ : /^\/|^…$/);
    }
  }
});

for (const [title, args, script] of SCREENS) {
  test(`${title} gives the terminal back at Ctrl-C and at SIGTERM, and survives its log`, {
    skip: noTerminal,
  }, async () => {
    for (const how of ["Ctrl-C", "SIGTERM"]) {
      using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
      using terminal = inTerminal(args(log.name), script);
      await terminal.until(/1 log,/);
      log.close();
      await terminal.until(/0 logs,/);
      if (how === "Ctrl-C") terminal.press("\x03");
      else terminal.signal("SIGTERM");
      await terminal.ended();
      assert.ok(
        terminal.screen().lastIndexOf(RESTORED) > terminal.screen().lastIndexOf(SHOWN),
        how,
      );
    }
  });

  test(`${title} ends when its terminal is closed`, { skip: noTerminal }, async () => {
    using log = ShmLogWriter.create(uniqueName("top"), { unlinkOnClose: true, ...SMALL });
    const terminal = inTerminal(args(log.name), script);
    await terminal.until(/1 log,/);
    const isThere = () => terminal.pids().some(isRunning);
    assert.ok(isThere());
    terminal[Symbol.dispose]();
    for (let i = 0; isThere(); i++) {
      assert.ok(i < 6000 * slowness, "it is still there");
      await sleep(10);
    }
  });
}
