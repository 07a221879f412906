/**
 * A program that is run to be recorded: started, read, waited for.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { close, read as readFile, readFileSync } from "node:fs";
import { Socket } from "node:net";
import os from "node:os";
import process from "node:process";
import type { Readable } from "node:stream";
import { system } from "../../ffi/current_system.ts";
import type { ProcessEnd, Processes } from "../../ffi/system.ts";
import { SystemCallError } from "../errors.ts";

/** The bytes of a stream of the program. */
export interface Source {
  /** Reads what is there, at least one byte; 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Reads no more: to the program it is a closed pipe. */
  close(): void;
}

/** A program that runs. */
export interface Program {
  readonly pid: number;
  readonly stdout: Source;
  readonly stderr: Source;
  /** How it ended. */
  readonly end: Promise<ProcessEnd>;
}

/** How much a pipe holds, so that a program need not wait for us, in bytes. */
const PIPE_SIZE = 1 << 20;
/** How often to look whether the program has ended: more often once it has closed its output. */
const SLOW = 100;
const FAST = 2;

/**
 * Starts a program with the standard input and the environment of this process.
 *
 * @throws {SystemCallError} if it can't be started; with the number `ENOENT` if there is no such program
 */
export async function startProgram(command: readonly string[]): Promise<Program> {
  const processes = system().processes?.();
  return processes === undefined ? await startElsewhere(command) : startHere(processes, command);
}

function startHere(processes: Processes, command: readonly string[]): Program {
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
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
    if (turn % 10 === 0) largest = memoryOf(pid) ?? largest;
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

/**
 * What reads a pipe without a thread that is blocked meanwhile: of those Node and Bun have few. Deno has
 * enough of them, and nothing else.
 */
function sourceOf(descriptor: number): Source {
  const { Bun: bun } = globalThis as { Bun?: { file(descriptor: number): BunFile } };
  if (bun !== undefined) {
    const reader = bun.file(descriptor).stream().getReader();
    return new PieceSource({ next: () => reader.read() }, () => {
      // It has a descriptor of its own.
      void reader.cancel().catch(() => {});
      close(descriptor, () => {});
    });
  }
  if ("Deno" in globalThis) return new DescriptorSource(descriptor);
  return streamSource(new Socket({ fd: descriptor, readable: true, writable: false }));
}

/** The part of Bun's files that is used here. */
interface BunFile {
  stream(): ReadableStream<Uint8Array>;
}

/** A pipe, by its descriptor. */
class DescriptorSource implements Source {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(into: Uint8Array): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      readFile(this.#descriptor, into, 0, into.length, null, (error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }

  close(): void {
    close(this.#descriptor, () => {});
  }
}

/** A stream that says when it has ended. */
class Watched implements Source {
  readonly ended: Promise<void>;
  readonly #source: Source;
  #setEnded: () => void = () => {};

  constructor(source: Source) {
    this.#source = source;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  async read(into: Uint8Array): Promise<number> {
    const count = await this.#source.read(into);
    if (count === 0) this.#setEnded();
    return count;
  }

  close(): void {
    this.#setEnded();
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

function streamSource(stream: Readable): Source {
  return new PieceSource(stream[Symbol.asyncIterator](), () => stream.destroy());
}

/** What gives the pieces of a stream. */
interface Pieces {
  next(): Promise<{ done?: boolean; value?: Uint8Array | undefined }>;
}

/** A stream that comes in pieces. */
class PieceSource implements Source {
  readonly #pieces: Pieces;
  readonly #close: () => void;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(pieces: Pieces, close: () => void) {
    this.#pieces = pieces;
    this.#close = close;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done || value === undefined) return 0;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, into.length);
    into.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    return piece.length;
  }

  close(): void {
    this.#close();
  }
}
