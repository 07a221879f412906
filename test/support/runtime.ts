/** The runtime that this test runs on, and how to start other scripts on it. */

import { type ChildProcess, spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  compileCache,
  denoFlags,
  installedRuntimes,
  type Runtime,
  thisExecutable,
  thisRuntime as currentRuntime,
} from "../../scripts/runtimes.ts";
import { removeLeftovers } from "./leftovers.ts";
import { complaintsIn } from "./platform.ts";

/** `deno`, `bun` or `node`. */
export const runtimeName: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

// For the processes that tests start, if they were not started by the script that runs all.
process.env.NODE_COMPILE_CACHE = compileCache;

/** The runtimes to pair this one with. */
export const runtimes: Runtime[] = installedRuntimes();

/** This runtime, as one of those. */
export const thisRuntime: Runtime = currentRuntime();

/**
 * Why a test that tells the same on every runtime, as what a command prints, needs not run on this one:
 * where all of them are asked, one runs it for all. False if this one is to run it.
 */
export const sameOnAll: string | false = process.env.LEFT_TO !== undefined &&
  `the same on all: ${process.env.LEFT_TO} runs it`;

/**
 * The runtimes to try something with that two processes share: all of them, or, where Bun does that for
 * all, this one. `pairs.test.ts` of the conformance has every writer with every reader everywhere.
 */
export const partners: Runtime[] = sameOnAll
  ? runtimes.filter(({ name }) => name === thisRuntime.name)
  : runtimes;

/** How many times slower than usual this machine is, as an emulator is: what waits, waits longer. */
export const slowness: number = Number(process.env.SLOWNESS ?? 1);

/** Why this runtime can't start itself, or copy itself, by its own path: that is another program's here. */
export const isHosted: string | false = thisExecutable !== process.execPath &&
  `a loader or an emulator runs this, and has the path of ${runtimeName}`;

/** The command that starts a TypeScript file on this runtime. */
export function scriptCommand(file: string): [command: string, args: string[]] {
  return runtimeName === "deno"
    ? [thisExecutable, ["run", ...denoFlags, "-A", file]]
    : [thisExecutable, [file]];
}

/** A script in a process of its own, which talks in lines. */
export interface Child {
  process: ChildProcess;
  pid: number;
  /** The next line of its standard output; an error if it ends before. */
  nextLine(): Promise<string>;
  /** Writes a line to its standard input, and waits until it is on its way. */
  say(line: string): Promise<void>;
  /** Waits for its end; gives exit code or signal. */
  ended(): Promise<number | string>;
  /** Ends it with SIGKILL, and waits for that. */
  kill(): Promise<void>;
}

/** How long a child may live, in milliseconds. */
const CHILD_LIMIT = 120_000 * Math.min(slowness, 5);

/**
 * Starts a file of test/ on a runtime; on Windows, if that is wanted, with a console of its own, in
 * which Ctrl-C can be pressed.
 */
export function startChild(
  file: URL,
  args: (string | number)[],
  on: Runtime = thisRuntime,
  hasConsole: boolean = false,
): Child {
  const child = spawn(on.path, [...on.run, fileURLToPath(file), ...args.map(String)], {
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: hasConsole,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaint += text);
  // A child that hangs must fail its test, not hang it.
  const timer = setTimeout(() => child.kill("SIGKILL"), CHILD_LIMIT);
  const end = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal ?? "?");
    });
  });
  return {
    process: child,
    pid: child.pid ?? -1,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${on.title} ${file.pathname} ended: ${await end}\n${complaint}`);
      return value;
    },
    say: (line) => new Promise((resolve) => child.stdin.write(`${line}\n`, () => resolve())),
    ended: () => end,
    async kill() {
      child.kill("SIGKILL");
      await end;
    },
  };
}

/**
 * Presses Ctrl-C in the console of a process of Windows, which was started with `windowsHide`: so it
 * has one of its own.
 */
export function pressCtrlC(pid: number): void {
  // No URL beside this one: whoever copies what a test needs takes this only where there is a console.
  const script = join(dirname(fileURLToPath(import.meta.url)), "ctrl_c.ts");
  const [command, fixed] = scriptCommand(script);
  const finger = spawn(command, [...fixed, String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
    windowsHide: true,
  });
  finger.stderr.pipe(process.stderr);
}

/** Runs a file of test/ to its end on this runtime. */
export function runScript(
  file: URL,
  args: (string | number)[] = [],
  options: { before?: string[]; flags?: string[]; env?: Record<string, string> } = {},
): SpawnSyncReturns<string> {
  const [command, fixed] = runtimeName === "deno"
    ? [thisExecutable, ["run", ...denoFlags, ...(options.flags ?? ["-A"])]]
    : [thisExecutable, options.flags ?? []];
  const all = [
    ...(options.before ?? []),
    command,
    ...fixed,
    fileURLToPath(file),
    ...args.map(String),
  ];
  const result = spawnSync(all[0], all.slice(1), {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  });
  return { ...result, stderr: complaintsIn(result.stderr) };
}

let count = 0;

/**
 * A name for a segment that nobody else uses. With a `subject` no other test file of this process
 * has such names. What has it, or begins with it, is removed when this process ends; on Bun, which says
 * nothing of the end of tests, when others come.
 */
export function uniqueName(subject: string = "test"): string {
  if (count === 0) {
    removeLeftovers(false);
    process.on("exit", () => removeLeftovers(true));
    // Deno's tests end with this instead.
    globalThis.addEventListener?.("unload", () => removeLeftovers(true));
  }
  // A name has 30 bytes on macOS.
  const library = process.platform === "darwin" ? "o" : "ouroboros";
  return `/${library}-${subject}-${process.pid}-${count++}`;
}
