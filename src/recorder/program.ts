/**
 * A program that is run to be recorded: started, read, waited for.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { system } from "../../ffi/current_system.ts";
import type { ProcessEnd, Processes } from "../../ffi/system.ts";
import { SystemCallError } from "../errors.ts";
import { type Source, sourceOf, streamSource } from "./source.ts";
import type { ProgramTerminal } from "./terminal.ts";

/** A program that runs. */
export interface Program {
  readonly pid: number;
  readonly stdout: Source;
  /** Not of a program with a terminal, which gets both. */
  readonly stderr?: Source;
  /** How it ended. */
  readonly end: Promise<ProcessEnd>;
}

/** How much a pipe holds, so that a program need not wait for us, in bytes. */
const PIPE_SIZE = 1 << 20;
/** How often to look whether the program has ended: more often once it has closed its output. */
const SLOW = 100;
const FAST = 2;

/**
 * Starts a program with the environment of this process, and its standard input unless a terminal has
 * keys of its own.
 *
 * @throws {SystemCallError} if it can't be started; with the number `ENOENT` if there is no such program
 */
export async function startProgram(
  command: readonly string[],
  terminal?: ProgramTerminal,
): Promise<Program> {
  const processes = system().processes?.();
  if (processes === undefined) return await startElsewhere(command);
  const environment = processes.environment();
  return terminal === undefined
    ? startWithPipes(processes, command, environment)
    : startInTerminal(processes, command, environment, terminal);
}

function startWithPipes(
  processes: Processes,
  command: readonly string[],
  environment: readonly string[],
): Program {
  const output = processes.pipe(PIPE_SIZE);
  const errors = processes.pipe(PIPE_SIZE);
  let pid: number;
  try {
    pid = processes.spawn(command, environment, [0, output[1], errors[1]]);
  } finally {
    // Only the program has them now: when it has closed them, there is an end to read.
    processes.close(output[1]);
    processes.close(errors[1]);
  }
  const stdout = new Watched(sourceOf(output[0]));
  const stderr = new Watched(sourceOf(errors[0]));
  const closed = Promise.all([stdout.ended, stderr.ended]);
  return { pid, stdout, stderr, end: waitFor(processes, pid, closed) };
}

function startInTerminal(
  processes: Processes,
  command: readonly string[],
  environment: readonly string[],
  { path, hasKeys, output }: ProgramTerminal,
): Program {
  const pid = processes.spawn(command, environment, [hasKeys ? path : 0, path, path]);
  let hasEnded = false;
  const stdout = new Watched(output, () => {
    // A read that has begun keeps the terminal open. Its number may be that of another process by now.
    if (!hasEnded) process.kill(pid, "SIGHUP");
  });
  const end = waitFor(processes, pid, stdout.ended).finally(() => hasEnded = true);
  return { pid, stdout, end };
}

/** Waits for the end of the program; as process 1, as in a container, for orphans, too. */
async function waitFor(
  processes: Processes,
  pid: number,
  closed: Promise<unknown>,
): Promise<ProcessEnd> {
  // What the kernel says at the end has the memory of this process in it, from which it was forked.
  const ours = memoryOf("self") ?? Infinity;
  let largest: number | undefined;
  let isClosed = false;
  let wake = () => {};
  closed.then(() => {
    isClosed = true;
    wake();
  });
  for (let turn = 0;; turn++) {
    let found: ProcessEnd | undefined;
    do {
      found = processes.wait(process.pid === 1 ? -1 : pid);
      if (found?.pid === pid) {
        const { maxMemory = 0, ...end } = found;
        const memory = maxMemory > ours ? maxMemory : largest;
        return memory === undefined ? end : { ...end, maxMemory: memory };
      }
    } while (found !== undefined);
    // Not at once: it has just begun.
    if (turn % 10 === 1) largest = memoryOf(pid) ?? largest;
    const before = isClosed;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, isClosed ? Math.min(FAST * turn, SLOW) : SLOW);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (isClosed && !before) turn = -1;
  }
}

/** The largest memory that a process had until now, in bytes. */
function memoryOf(pid: number | "self"): number | undefined {
  try {
    const found = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    // It has ended, or there is no such folder.
    return undefined;
  }
}

/** A stream that says when it has ended. */
class Watched implements Source {
  readonly ended: Promise<void>;
  readonly #source: Source;
  readonly #onClose: () => void;
  #setEnded: () => void = () => {};

  constructor(source: Source, onClose: () => void = () => {}) {
    this.#source = source;
    this.#onClose = onClose;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  async read(into: Uint8Array): Promise<number> {
    const count = await this.#source.read(into);
    if (count === 0) this.#setEnded();
    return count;
  }

  close(): void {
    this.#setEnded();
    this.#onClose();
    this.#source.close();
  }
}

/** Where no native functions start programs. */
async function startElsewhere(command: readonly string[]): Promise<Program> {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ["inherit", "pipe", "pipe"], windowsHide: false });
  const end = new Promise<ProcessEnd>((resolve) => {
    child.once("exit", (code, name) => {
      const pid = child.pid ?? 0;
      if (name === null) resolve({ pid, exitCode: code ?? 0 });
      else resolve({ pid, signal: { name, number: os.constants.signals[name] } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve).once("error", (error: NodeJS.ErrnoException) => {
      const shown = JSON.stringify(file);
      const message = error.code === "ENOENT" ? `no program ${shown}` : error.message;
      reject(new SystemCallError(message, Math.abs(error.errno ?? 0)));
    });
  });
  return {
    pid: child.pid ?? 0,
    stdout: streamSource(child.stdout),
    stderr: streamSource(child.stderr),
    end,
  };
}
