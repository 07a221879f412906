/**
 * The program of the thread that sleeps for another one: it sleeps, says that it woke, and waits to be
 * asked again.
 *
 * It is text, and calls the system by itself: a bundle, or a compiled program, has no file with a module
 * of ours that a thread could start from. What it needs to know it is given, see `SleeperTask`.
 *
 * @module
 */

/** Words of the memory that the two threads share. */
export const SLEEPER_WORDS = {
  /** The number of the last sleep that was asked for. */
  request: 0,
  /** The number of the last one that is over. */
  answer: 1,
  /** The value that the word must have for a sleep. */
  expected: 2,
  /** How long to sleep at most, in milliseconds. */
  timeout: 3,
  /** 1: the thread is to end. */
  stop: 4,
  /** 1: the thread is there; 2: it has ended. */
  state: 5,
} as const;

/** The thread is there. */
export const READY = 1;
/** The thread has ended. */
export const ENDED = 2;

/** What the thread is given. */
export interface SleeperTask {
  /** The address of the word to sleep on. */
  address: bigint;
  /** The memory with {@linkcode SLEEPER_WORDS}. */
  control: SharedArrayBuffer;
  /** The number of the system call futex. */
  futex: bigint;
  /** From where packages are loaded. */
  base: string;
}

const { request, answer, expected, timeout, stop, state } = SLEEPER_WORDS;

/** The program. */
export const SLEEPER = `
const { workerData } = process.getBuiltinModule("node:worker_threads");
const { address, control, futex, base } = workerData;
const words = new Int32Array(control);
const syscall = open();
// A struct timespec: i64 seconds, i64 nanoseconds.
const time = new BigInt64Array(new ArrayBuffer(16));
const timeBytes = new Uint8Array(time.buffer);

function open() {
  const library = "libc.so.6";
  const bits = (bytes) => ["i64", "u64", "i32", "i32", bytes, "u64", "i32"];
  if ("Deno" in globalThis) {
    const table = { syscall: { parameters: bits("buffer"), result: "i64" } };
    return Deno.dlopen(library, table).symbols.syscall;
  }
  const require = process.getBuiltinModule("node:module").createRequire(base);
  if ("Bun" in globalThis) {
    const table = { syscall: { args: bits("ptr"), returns: "i64" } };
    return require("bun:ffi").dlopen(library, table).symbols.syscall;
  }
  const types = (bytes) => ["int64", "uint64", "int32", "int32", bytes, "uint64", "int32"];
  let ffi;
  if (process.env.OUROBOROS_FFI !== "koffi") {
    // It warns that it is experimental, as it did in the thread that started this one.
    process.emitWarning = () => {};
    try {
      ffi = require("node:ffi");
    } catch {}
  }
  if (ffi !== undefined) {
    const table = { syscall: { arguments: types("buffer"), return: "int64" } };
    return ffi.dlopen(library, table).functions.syscall;
  }
  return require("koffi").load(library).func("syscall", "int64", types("void *"));
}

/** Also to be awakened at the end of the process. */
function say(now) {
  Atomics.store(words, ${state}, now);
  Atomics.notify(words, ${state});
}

say(${READY});
for (let done = 0;;) {
  Atomics.wait(words, ${request}, done);
  // Acquire: pairs with the store of the request, after what it asks for.
  done = Atomics.load(words, ${request});
  const isLast = Atomics.load(words, ${stop}) === 1;
  if (!isLast) {
    const milliseconds = words[${timeout}];
    time[0] = BigInt(Math.floor(milliseconds / 1000));
    time[1] = BigInt(milliseconds % 1000 * 1e6);
    syscall(futex, address, 0, words[${expected}], timeBytes, 0n, 0);
  }
  // Pairs with the look at the answer in SleeperThread.sleep(). Also at the end: a bell that is closed
  // right after it began to sleep keeps nobody waiting.
  Atomics.store(words, ${answer}, done);
  Atomics.notify(words, ${answer});
  if (isLast) break;
}
say(${ENDED});
`;
