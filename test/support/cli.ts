/** The command line in a process of its own, on the runtime of this test. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/program.ts";
import { complaintsIn, isWindows } from "./platform.ts";
import { pressCtrlC, scriptCommand } from "./runtime.ts";

const file = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** How long a command may take, in milliseconds: one that hangs must fail its test, not hang it. */
const LIMIT = 180_000;
const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };

/** What a command did. */
export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What to start for a command. */
export function cliCommand(args: (string | number)[]): [command: string, args: string[]] {
  const [command, fixed] = scriptCommand(file);
  return [command, [...fixed, ...args.map(String)]];
}

/** Runs a command to its end. */
export function runCli(
  args: (string | number)[],
  input: string | Uint8Array = "",
  more: Record<string, string> = {},
): CliResult {
  const { status, stdout, stderr } = spawnSync(...cliCommand(args), {
    input,
    env: { ...env, ...more },
    timeout: LIMIT,
    maxBuffer: 1 << 26,
  });
  return { code: status, stdout: stdout.toString(), stderr: complaintsIn(stderr.toString()) };
}

/**
 * Runs a command in this process: for what prints little, as mistakes and help do. A process takes a
 * third of a second, or three on a busy machine.
 */
export async function runHere(...args: (string | number)[]): Promise<CliResult> {
  const streams = [process.stdout, process.stderr];
  const texts = ["", ""];
  const writes = streams.map(({ write }) => write);
  streams.forEach((stream, i) => {
    stream.write = (data: string | Uint8Array, ...more: unknown[]) => {
      texts[i] += typeof data === "string" ? data : new TextDecoder().decode(data);
      const done = more.at(-1);
      if (typeof done === "function") done();
      return true;
    };
  });
  try {
    const code = await main(args.map(String));
    return { code, stdout: texts[0], stderr: texts[1] };
  } finally {
    streams.forEach((stream, i) => stream.write = writes[i]);
  }
}

/** A command that is running. */
export interface RunningCli {
  process: ChildProcess;
  /** What it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until its standard output fulfils a condition; an error if it ends before. */
  until(condition: (stdout: string) => boolean): Promise<void>;
  /** Waits until its standard error fulfils a condition; an error if it ends before. */
  untilStderr(condition: (stderr: string) => boolean): Promise<void>;
  /** Sends it a signal that it may handle; on Windows, which has none, always a Ctrl-C. */
  signal(name: "SIGINT" | "SIGTERM"): void;
  /** Waits for its end. */
  ended(): Promise<CliResult>;
}

/** Starts a command. */
export function startCli(
  args: (string | number)[],
  more: Record<string, string> = {},
): RunningCli {
  const child = spawn(...cliCommand(args), {
    env: { ...env, ...more },
    timeout: LIMIT,
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  let stdout = "";
  let stderr = "";
  let look = () => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = complaintsIn(stderr + text);
    look();
  });
  const end = new Promise<CliResult>((resolve) =>
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
      look();
    })
  );
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      end.then(() => reject(new Error(`ended before: ${stdout}${stderr}`)));
      look = () => {
        if (condition()) resolve();
      };
      look();
    });
  return {
    process: child,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    until: (condition) => until(() => condition(stdout)),
    untilStderr: (condition) => until(() => condition(stderr)),
    signal(name) {
      if (isWindows) pressCtrlC(child.pid ?? 0);
      // Not by child.kill(): under Deno the exit code would be lost.
      else process.kill(child.pid ?? 0, name);
    },
    ended: () => end,
  };
}
