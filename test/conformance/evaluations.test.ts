/**
 * Runtimes and test runners that evaluate a program again in the same process: each evaluation gets the log
 * that the one before held.
 */

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter, WriterLockedError } from "../../mod.ts";
import { needsSignals } from "../support/platform.ts";
import { isHosted, runtimeName, runtimes, slowness, uniqueName } from "../support/runtime.ts";
import { whenFree } from "../support/when_free.ts";

const notOnLinux = process.platform === "linux"
  ? false
  : "only Linux tells which thread holds a lock";
const root = fileURLToPath(new URL("../../", import.meta.url));
const library = new URL("../../mod.ts", import.meta.url).href;
const sinks = new URL("../../src/sinks/mod.ts", import.meta.url).href;
const { path: executable } = runtimes.find(({ path }) => path === process.execPath) ??
  runtimes.find(({ name }) => name.startsWith(runtimeName))!;
/** How long to wait for a runner, in milliseconds. */
const PATIENCE = 60_000 * Math.min(slowness, 5);

/** Only where that is the runtime; and where signals are. */
const on = (name: typeof runtimeName) => runtimeName === name ? needsSignals : `${name} runs this`;

/** A folder for a program, and a log. */
function place(): Disposable & { folder: string; name: string } {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-evaluations-"));
  const name = uniqueName("evaluations");
  return {
    folder,
    name,
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
      for (const suffix of ["", "-sink"]) SharedMemory.unlink(name + suffix);
    },
  };
}

/** Three files that each open the same two logs, and leave them open. */
function writeTests(folder: string, name: string, from: string[], before: string, end: string) {
  const create = `ShmLogWriter.create(${JSON.stringify(name)}, { size: "64KiB" })`;
  for (let i = 1; i <= 3; i++) {
    writeFileSync(
      join(folder, `file${i}.test.${end}`),
      `${before}
import { ShmLogWriter } from ${JSON.stringify(from[0])};
import { EntrySink } from ${JSON.stringify(from[1])};
globalThis.log = ${before.includes("vitest") ? `await freed(() => ${create})` : create};
globalThis.sink = new EntrySink({ target: ${JSON.stringify(`${name}-sink`)}, size: "64KiB" });
test("file ${i}", () => {
  globalThis.log.write("file ${i}");
  globalThis.sink.write("file ${i}");
});
`,
    );
  }
}

/** vitest does not wait for the end of a thread before it starts the next one, in which a file is. */
const FREED = `async function freed(create) {
  for (const end = performance.now() + ${PATIENCE / 2};;) {
    try {
      return create();
    } catch (error) {
      if (error.code !== "WRITER_LOCKED" || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}`;

/** Runs them, and looks at what they wrote. */
function runTests(name: string, command: string, args: string[], folder: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: PATIENCE,
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(status, 0, stdout + stderr);
  for (const log of [name, `${name}-sink`]) {
    using reader = ShmLogReader.open(log);
    const texts = [...reader].map(({ text }) => text).sort();
    assert.deepEqual(texts, ["file 1", "file 2", "file 3"], stdout + stderr);
  }
}

test("deno test: each file has the log", { skip: on("deno") }, () => {
  using here = place();
  writeTests(here.folder, here.name, [library, sinks], "const { test } = Deno;", "ts");
  runTests(here.name, executable, ["test", "-A", "--no-check", "--no-lock"], here.folder);
});

/** The library as a package: what runners of Node don't transform. */
async function bundle(folder: string): Promise<string[]> {
  const { build } = await import("esbuild");
  await build({
    entryPoints: { mod: fileURLToPath(library), sinks: fileURLToPath(sinks) },
    outdir: join(folder, "lib"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22.18",
    external: ["koffi"],
    logLevel: "silent",
  });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  return ["./lib/mod.mjs", "./lib/sinks.mjs"];
}

for (const pool of ["threads", "vmThreads", "forks"]) {
  test(`vitest, pool ${pool}: each file has the log`, { skip: on("node") }, async () => {
    using here = place();
    const { folder, name } = here;
    writeTests(
      folder,
      name,
      await bundle(folder),
      `import { test } from "vitest";\n${FREED}`,
      "mjs",
    );
    const runner = join(root, "node_modules/vitest/vitest.mjs");
    const args = [runner, "run", "--pool", pool, "--no-file-parallelism", "--no-cache"];
    runTests(name, executable, args, folder);
  });
}

test("jest --runInBand: each file has the log", { skip: on("node") }, async () => {
  using here = place();
  const { folder, name } = here;
  writeTests(folder, name, await bundle(folder), "", "mjs");
  writeFileSync(join(folder, "package.json"), "{}");
  const runner = join(root, "node_modules/jest/bin/jest.js");
  const more = ["--runInBand", "--rootDir", folder, "--no-cache", "--testMatch", "**/*.test.mjs"];
  runTests(name, executable, ["--experimental-vm-modules", runner, ...more], folder);
});

/** A program that is started again when its file changes. */
class Watched implements Disposable {
  readonly #path: string;
  readonly #process: ChildProcess;
  #said = "";
  #runs = 0;
  #complaints = "";
  #changing: ReturnType<typeof setTimeout> | undefined;
  readonly ended: Promise<number | string>;

  constructor(folder: string, args: string[], text: string) {
    this.#path = join(folder, "program.ts");
    writeFileSync(this.#path, text);
    this.#process = spawn(executable, [...args, this.#path], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
    });
    this.#process.stdout!.on("data", (text) => this.#said += text);
    this.#process.stderr!.on("data", (text) => this.#complaints += text);
    this.ended = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => resolve(code ?? signal ?? "?"));
    });
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
    this.ended.then(() => clearTimeout(timer));
  }

  /**
   * Changes the program until it runs again: the watcher may not see the first change. After each it waits
   * for longer, lest a run that takes long to begin be ended by the next change, again and again.
   */
  keepChanging(pause: number = 1500): void {
    clearTimeout(this.#changing);
    this.#changing = setTimeout(() => {
      this.change();
      this.keepChanging(2 * pause);
    }, pause);
  }

  change(): void {
    appendFileSync(this.#path, "// changed\n");
  }

  /** What the next run says: the numbers of the entries that it has written. */
  async run(): Promise<number[]> {
    this.#runs++;
    for (;;) {
      const runs = [...this.#said.matchAll(/^run (\d+) (\d+)$/gm)];
      if (runs.length >= this.#runs) {
        clearTimeout(this.#changing);
        return runs[this.#runs - 1].slice(1).map(Number);
      }
      const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null;
      assert.ok(!hasEnded, `ended: ${this.#said} ${this.#complaints}`);
      await delay(20);
    }
  }

  /** Ends it: a signal that comes while the last change begins a run may reach neither of the two. */
  async end(signal: NodeJS.Signals): Promise<number | string> {
    for (;;) {
      process.kill(this.#process.pid!, signal);
      const end = await Promise.race([this.ended, delay(1000)]);
      if (end !== undefined) return end;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#changing);
    this.#process.kill("SIGKILL");
  }
}

const watchers: [runtime: typeof runtimeName, args: string[]][] = [
  ["deno", ["run", "-A", "--no-check", "--no-lock", "--watch"]],
  ["bun", ["--watch"]],
  ["bun", ["--hot"]],
  ["node", ["--watch"]],
];
for (const [runtime, args] of watchers) {
  for (const handleSignals of [false, true]) {
    const title = `${runtime} ${args.at(-1)}${handleSignals ? ", handleSignals" : ""}`;
    // It starts itself again for each change, but not for --hot.
    const skip = on(runtime) || (args.at(-1) === "--watch" && isHosted);
    test(`${title}: the log is continued at each change`, { skip }, async () => {
      using here = place();
      const { name, folder } = here;
      mkdirSync(join(folder, "src"));
      using watched = new Watched(
        join(folder, "src"),
        args,
        `import { ShmLogWriter } from ${JSON.stringify(library)};
import { EntrySink } from ${JSON.stringify(sinks)};
const options = { size: "64KiB", handleSignals: ${handleSignals} };
const log = ShmLogWriter.create(${JSON.stringify(name)}, options);
const sink = new EntrySink({ target: ${JSON.stringify(`${name}-sink`)}, ...options });
sink.write("a line");
console.log("run " + sink.writer.totalEntriesWritten + " " + log.write("started"));
setInterval(() => {}, 1000);`,
      );
      let last = 0;
      for (let run = 1; run <= 3; run++) {
        const [ofSink, ofLog] = await watched.run();
        // A run may be ended before it says what it has written.
        assert.ok(
          ofSink >= run && ofLog > last,
          `run ${run}: ${ofSink} and ${ofLog} after ${last}`,
        );
        last = ofLog;
        if (run < 3) watched.keepChanging();
      }
      const end = await watched.end("SIGTERM");
      assert.ok(end === "SIGTERM" || runtime === "node" && end === 143 || end === 0, String(end));
      // Nobody holds it.
      using _next = ShmLogWriter.create(name);
    });
  }
}

test("a worker that was terminated leaves its log to the next one, and one that runs does not", {
  skip: notOnLinux,
}, async () => {
  using here = place();
  const { name } = here;
  for (let i = 1; i <= 3; i++) {
    const file = new URL("children/terminated.ts", import.meta.url);
    const worker = new Worker(file, { workerData: name });
    assert.equal((await once(worker, "message"))[0], i);
    assert.throws(
      () => ShmLogWriter.create(name),
      (error: Error) => error instanceof WriterLockedError && /in this process/.test(error.message),
    );
    await worker.terminate();
    // Deno says so before the thread is gone.
    if (runtimeName === "deno") (await whenFree(name)).close();
  }
  using log = ShmLogWriter.create(name);
  assert.equal(log.totalEntriesWritten, 3);
});
