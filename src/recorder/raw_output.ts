/**
 * What a program writes to standard output and standard error, by whichever way its runtime has.
 *
 * `process.stdout.write()`, `fs.write()` and its like with descriptor 1 or 2, `Deno.stdout` and `Bun.write()`.
 * Native code writes by itself and is not seen.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";

/** Standard output or standard error. */
export type Descriptor = 1 | 2;

/** What receives the bytes that are about to be written. */
export interface OutputListener {
  /** Takes bytes, which are valid during the call. */
  take(descriptor: Descriptor, bytes: Uint8Array): void;
  /** Whether to ignore what is written now. */
  isIgnored(): boolean;
}

type Call = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Call>;

/** Most streams write by a function that is listened to as well. */
let isInside = false;

/** Has listened to output since this was called. Never throws, and nothing is written differently. */
export function listenToOutput(listener: OutputListener): void {
  const outputs = { 1: new Output(1, listener), 2: new Output(2, listener) };
  for (const descriptor of [1, 2] as const) {
    listenToStream(descriptor === 1 ? "stdout" : "stderr", outputs[descriptor]);
  }
  listenToFiles(outputs);
  const { Deno: deno, Bun: bun } = globalThis as unknown as Runtimes;
  if (deno !== undefined) {
    listenToDeno(deno.stdout, outputs[1]);
    listenToDeno(deno.stderr, outputs[2]);
  }
  if (bun !== undefined) listenToBun(bun, outputs);
}

interface Runtimes {
  Deno?: { stdout: Methods; stderr: Methods };
  Bun?: Methods & { stdout: Methods; stderr: Methods };
}

/** One of the two, and what of it was given to the listener and could not be written yet. */
class Output {
  readonly #descriptor: Descriptor;
  readonly #listener: OutputListener;
  #rest: Uint8Array | undefined;

  constructor(descriptor: Descriptor, listener: OutputListener) {
    this.#descriptor = descriptor;
    this.#listener = listener;
  }

  /** Writes, and says before what. */
  write(bytes: () => Uint8Array | undefined, write: () => unknown): unknown {
    if (isInside) return write();
    this.say(bytes);
    isInside = true;
    try {
      return write();
    } finally {
      isInside = false;
    }
  }

  /** Says what is about to be written. */
  say(make: () => Uint8Array | undefined): void {
    try {
      if (this.#listener.isIgnored()) return;
      let bytes = make();
      if (bytes === undefined) return;
      const rest = this.#rest;
      this.#rest = undefined;
      // A pipe was full, and this is what had no room.
      if (rest !== undefined && startsWith(bytes, rest)) bytes = bytes.subarray(rest.length);
      if (bytes.length > 0) this.#listener.take(this.#descriptor, bytes);
    } catch {
      // Nothing must keep a program from printing.
    }
  }

  /** Says how much of bytes was written: the rest will be tried again. */
  wrote(bytes: Uint8Array | undefined, count: number): void {
    if (bytes !== undefined && count < bytes.length) this.#rest = bytes.slice(count);
  }
}

type Outputs = Record<Descriptor, Output>;

/** `process.stdout`, which takes milliseconds to be made: when somebody asks for it. */
function listenToStream(name: "stdout" | "stderr", output: Output): void {
  attempt(() => {
    const { get, set, ...rest } = Object.getOwnPropertyDescriptor(process, name) ?? {};
    if (get === undefined) return void wrapWrite(process[name], output);
    let wrapped: unknown;
    Object.defineProperty(process, name, {
      enumerable: rest.enumerable,
      configurable: true,
      get() {
        const stream = get.call(process);
        if (stream !== wrapped) {
          wrapped = stream;
          attempt(() => wrapWrite(stream, output));
        }
        return stream;
      },
      set,
    });
  });
}

function wrapWrite(stream: unknown, output: Output): void {
  wrap(stream as Methods, "write", (write) =>
    function (...args) {
      return output.write(() => bytesOf(args[0], args[1]), () => write.apply(this, args));
    });
}

/** The functions of `node:fs`, as pino and others use them. */
function listenToFiles(outputs: Outputs): void {
  const fs = process.getBuiltinModule("node:fs") as unknown as Methods;
  const outputOf = (descriptor: unknown) =>
    isInside ? undefined : outputs[descriptor as Descriptor];
  for (const name of ["writeSync", "writevSync"]) {
    wrap(fs, name, (write) =>
      function (...args) {
        const output = outputOf(args[0]);
        if (output === undefined) return write.apply(this, args);
        const bytes = writtenBytes(args);
        let count = 0;
        try {
          return count = output.write(() => bytes, () => write.apply(this, args)) as number;
        } finally {
          output.wrote(bytes, count);
        }
      });
  }
  for (const name of ["write", "writev"]) {
    wrap(fs, name, (write) =>
      function (...args) {
        const output = outputOf(args[0]);
        const done = args.at(-1);
        if (output === undefined || typeof done !== "function") return write.apply(this, args);
        const bytes = writtenBytes(args);
        args[args.length - 1] = (error: unknown, count: number, ...more: unknown[]) => {
          output.wrote(bytes, error ? 0 : count);
          return done(error, count, ...more);
        };
        return output.write(() => bytes, () => write.apply(this, args));
      });
  }
  // What was imported by its name before.
  attempt(() => process.getBuiltinModule("node:module").syncBuiltinESMExports());
}

/** What the arguments of `fs.write()` and its like say that is to be written. */
function writtenBytes([, data, ...rest]: unknown[]): Uint8Array | undefined {
  try {
    if (Array.isArray(data)) return Buffer.concat(data.map((view) => bytesOf(view) ?? Buffer.of()));
    if (typeof data === "string") return bytesOf(data, rest[1]);
    const bytes = bytesOf(data);
    const [first, second] = rest;
    const { offset = 0, length } = typeof first === "object" && first !== null
      ? first as { offset?: number; length?: number }
      : { offset: numberOf(first), length: numberOf(second) };
    return bytes?.subarray(offset, length === undefined ? undefined : offset + length);
  } catch {
    // The runtime says what is wrong with them.
    return undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function listenToDeno(stream: Methods, output: Output): void {
  for (const name of ["writeSync", "write"]) {
    wrap(stream, name, (write) =>
      function (...args) {
        return output.write(() => bytesOf(args[0]), () => write.apply(this, args));
      });
  }
}

function listenToBun(bun: NonNullable<Runtimes["Bun"]>, outputs: Outputs): void {
  wrap(bun, "write", (write) =>
    function (...args) {
      const output = args[0] === bun.stdout
        ? outputs[1]
        : args[0] === bun.stderr
        ? outputs[2]
        : undefined;
      if (output === undefined) return write.apply(this, args);
      return output.write(() => bytesOf(args[1]), () => write.apply(this, args));
    });
}

/** Puts a function in the place of a method. */
function wrap(methods: Methods, name: string, make: (original: Call) => Call): void {
  attempt(() => {
    const original = methods[name];
    if (typeof original !== "function") return;
    const made = make(original);
    // Its name, and what `promisify()` looks for.
    Object.defineProperties(made, Object.getOwnPropertyDescriptors(original));
    methods[name] = made;
  });
}

function bytesOf(data: unknown, encoding?: unknown): Uint8Array | undefined {
  if (typeof data === "string") {
    return Buffer.from(data, typeof encoding === "string" ? encoding as BufferEncoding : "utf8");
  }
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length &&
    Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

/** What a runtime does not allow to be changed stays as it is. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // As above.
  }
}
