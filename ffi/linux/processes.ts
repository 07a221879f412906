/**
 * Programs started with pipes of their own on Linux, and what the kernel says when they end.
 *
 * `node:child_process` gives programs sockets instead of pipes (Node, Bun), which can't be opened as
 * `/dev/stdout`, and does not tell whether they dumped core.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { openSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import type { Driver, SymbolTable } from "../drivers/native.ts";
import type { ProcessEnd, Processes } from "../system.ts";
import { SystemCallError } from "../../src/errors.ts";
import { systemError } from "../system_error.ts";
import { bytesOfWords, ownEnvironment } from "./own_words.ts";

const CALLS = {
  close: { parameters: ["i32"], result: "i32" },
  pipe2: { parameters: ["bytes", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "u64" },
  munmap: { parameters: ["u64", "u64"], result: "i32" },
  sigaction: { parameters: ["i32", "u64", "bytes"], result: "i32" },
  signal: { parameters: ["i32", "u64"], result: "u64" },
  wait4: { parameters: ["i32", "bytes", "i32", "bytes"], result: "i32" },
  posix_spawnp: { parameters: ["u64", "u64", "u64", "u64", "u64", "u64"], result: "i32" },
  posix_spawn_file_actions_init: { parameters: ["u64"], result: "i32" },
  posix_spawn_file_actions_addopen: {
    parameters: ["u64", "i32", "u64", "i32", "i32"],
    result: "i32",
  },
  posix_spawn_file_actions_adddup2: { parameters: ["u64", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["u64"], result: "i32" },
  posix_spawnattr_init: { parameters: ["u64"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["u64", "i32"], result: "i32" },
  posix_spawnattr_setsigdefault: { parameters: ["u64", "u64"], result: "i32" },
  posix_spawnattr_setsigmask: { parameters: ["u64", "u64"], result: "i32" },
  posix_spawnattr_destroy: { parameters: ["u64"], result: "i32" },
} as const satisfies SymbolTable;

const O_CLOEXEC = 0x80000;
const O_RDWR = 2;
const O_NONBLOCK = 0x800;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_FAILED = 0xffffffffffffffffn;
const WNOHANG = 1;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
/** A `struct sigaction`, the handler first, with room to spare for each C library. */
const ACTION_SIZE = 256;
const SPAWN_SETSIGDEF = 4;
const SPAWN_SETSIGMASK = 8;
const SPAWN_SETSID = 128;

// Where things are in the memory of a call, with room to spare for each C library.
const PID = 0;
const ACTIONS = 64;
const ATTRIBUTES = 512;
const ALL_SIGNALS = 1536;
const NO_SIGNALS = 1664;
const SIGNAL_SET = 128;
const TERMINAL = 1792;
const STRINGS = 2048;

/** A `struct rusage`: two times of a second and a microsecond each, then the largest memory in KiB. */
const USAGE_SIZE = 256;
const USER_TIME = 0;
const SYSTEM_TIME = 16;
const LARGEST_MEMORY = 32;

const { errno: ERRNO, signals: SIGNALS } = os.constants;

/** Programs on Linux. */
export function linuxProcesses(native: Driver, libc: string, errno: () => number): Processes {
  const c = native.open(libc, CALLS);

  /** Calls `use` with memory at a known address. */
  function withMemory<T>(size: number, use: (address: bigint, memory: ArrayBuffer) => T): T {
    const address = BigInt(
      c.mmap(0n, BigInt(size), PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n),
    );
    const reason = errno();
    if (address === MAP_FAILED) throw systemError("mmap", "for the arguments", reason);
    let memory = native.view(address, size);
    try {
      return use(address, memory);
    } finally {
      // No view may outlive its memory.
      memory = memory.transfer(0);
      c.munmap(address, BigInt(size));
    }
  }

  /** Node makes its standard input one that does not wait, which no program expects of its own. */
  function makeBlocking(descriptor: number | string): void {
    if (typeof descriptor === "string") return;
    const flags = c.fcntl(descriptor, F_GETFL, 0n);
    if (flags >= 0 && flags & O_NONBLOCK) {
      c.fcntl(descriptor, F_SETFL, BigInt(flags & ~O_NONBLOCK));
    }
  }

  return {
    environment: () => ownEnvironment(process.env),
    pipe(size) {
      const ends = new Int32Array(new ArrayBuffer(8));
      const result = c.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC);
      const reason = errno();
      if (result < 0) throw systemError("pipe2", "for the output", reason);
      // A user may have only so much in pipes: then it keeps its usual size.
      c.fcntl(ends[1], F_SETPIPE_SZ, BigInt(size));
      try {
        // Deno knows only the descriptors that it has opened.
        return [openSync(`/proc/self/fd/${ends[0]}`, "r"), ends[1]];
      } catch (error) {
        c.close(ends[1]);
        throw error;
      } finally {
        c.close(ends[0]);
      }
    },
    spawn(command, environment, descriptors) {
      const strings = bytesOfWords(command, environment);
      const length = strings.reduce((sum, { length }) => sum + length, 0);
      const pointers = STRINGS + (length + 7 & ~7);
      const size = pointers + 8 * (strings.length + 2);
      return withMemory(size, (address, memory) => {
        const at = (offset: number) => address + BigInt(offset);
        const bytes = new Uint8Array(memory);
        const words = new BigUint64Array(memory);
        let offset = STRINGS;
        let word = pointers / 8;
        strings.forEach((string, i) => {
          // A zero ends both lists.
          if (i === command.length) word++;
          bytes.set(string, offset);
          words[word++] = at(offset);
          offset += string.length;
        });
        bytes.fill(0xff, ALL_SIGNALS, ALL_SIGNALS + SIGNAL_SET);
        c.posix_spawn_file_actions_init(at(ACTIONS));
        descriptors.forEach(makeBlocking);
        // A session without a terminal gets the first one that it opens as the one that controls it.
        const first = descriptors.findIndex((one) => typeof one === "string");
        descriptors.forEach((descriptor, i) => {
          if (i === first) {
            bytes.set(Buffer.from(`${descriptor}\0`), TERMINAL);
            c.posix_spawn_file_actions_addopen(at(ACTIONS), i, at(TERMINAL), O_RDWR, 0);
            return;
          }
          const source = typeof descriptor === "string" ? first : descriptor;
          // Also of one to itself: it is inherited then, though it was to be closed.
          c.posix_spawn_file_actions_adddup2(at(ACTIONS), source, i);
        });
        // Runtimes ignore SIGPIPE, and a program would inherit that.
        c.posix_spawnattr_init(at(ATTRIBUTES));
        const session = first < 0 ? 0 : SPAWN_SETSID;
        c.posix_spawnattr_setflags(at(ATTRIBUTES), SPAWN_SETSIGDEF | SPAWN_SETSIGMASK | session);
        c.posix_spawnattr_setsigdefault(at(ATTRIBUTES), at(ALL_SIGNALS));
        c.posix_spawnattr_setsigmask(at(ATTRIBUTES), at(NO_SIGNALS));
        const result = c.posix_spawnp(
          at(PID),
          at(STRINGS),
          at(ACTIONS),
          at(ATTRIBUTES),
          at(pointers),
          at(pointers + 8 * (command.length + 1)),
        );
        c.posix_spawn_file_actions_destroy(at(ACTIONS));
        c.posix_spawnattr_destroy(at(ATTRIBUTES));
        if (result !== 0) throw notStarted(command[0], result);
        return new Int32Array(memory)[PID];
      });
    },
    wait(pid) {
      const status = new Int32Array(new ArrayBuffer(4));
      const usage = new DataView(new ArrayBuffer(USAGE_SIZE));
      for (;;) {
        const found = c.wait4(
          pid,
          new Uint8Array(status.buffer),
          WNOHANG,
          new Uint8Array(usage.buffer),
        );
        const reason = errno();
        if (found > 0) return { pid: found, ...endOf(status[0]), ...usageOf(usage) };
        if (found === 0) return undefined;
        if (reason !== ERRNO.EINTR) throw systemError("wait4", `process ${pid}`, reason);
      }
    },
    ignoreSignal(number) {
      const action = new BigUint64Array(new ArrayBuffer(ACTION_SIZE));
      const result = c.sigaction(number, 0n, new Uint8Array(action.buffer));
      // What a runtime handles it needs.
      if (result === 0 && action[0] === SIG_DFL) c.signal(number, SIG_IGN);
    },
    close(descriptor) {
      c.close(descriptor);
    },
  };
}

function notStarted(program: string, reason: number): SystemCallError {
  const shown = JSON.stringify(program);
  const message = reason === ERRNO.ENOENT
    ? `no program ${shown}`
    : reason === ERRNO.EACCES
    ? `${shown} is not a program that this user may run`
    : systemError("starting", shown, reason).message;
  return new SystemCallError(message, reason);
}

/** What a status of `wait4` says. */
function endOf(status: number): Pick<ProcessEnd, "exitCode" | "signal" | "coreDumped"> {
  const number = status & 0x7f;
  if (number === 0) return { exitCode: status >> 8 & 0xff };
  const [name] = Object.entries(SIGNALS).find(([, value]) => value === number) ?? [];
  return {
    signal: { name: name ?? `signal ${number}`, number },
    coreDumped: (status & 0x80) !== 0,
  };
}

function usageOf(usage: DataView): Pick<ProcessEnd, "userTime" | "systemTime" | "maxMemory"> {
  const milliseconds = (at: number) =>
    Number(usage.getBigInt64(at, true)) * 1e3 + usage.getInt32(at + 8, true) / 1e3;
  return {
    userTime: milliseconds(USER_TIME),
    systemTime: milliseconds(SYSTEM_TIME),
    maxMemory: Number(usage.getBigInt64(LARGEST_MEMORY, true)) * 1024,
  };
}
