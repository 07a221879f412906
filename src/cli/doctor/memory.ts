/**
 * Shared memory: how much there is, and whether all works that logs need of it.
 *
 * @module
 */

import { statfsSync, statSync } from "node:fs";
import process from "node:process";
import { system } from "../../../ffi/current_system.ts";
import { Doorbell, SharedMemory } from "../../../ffi/mod.ts";
import { delay } from "../../async.ts";
import { formatSize } from "../../base/sizes.ts";
import { shapesOf, USUAL_SIZE } from "../../log/native/shape.ts";
import type { Finding } from "./finding.ts";

const FOLDER = "/dev/shm";
/** What statfs calls the file system of /dev/shm. */
const TMPFS = 0x01021994;
/** Others may write into a folder, and remove what is not theirs. */
const ANYBODY = 0o002;
const STICKY = 0o1000;

const LARGER =
  "mount a larger one (docker run --shm-size=1g; in Kubernetes an emptyDir of medium " +
  'Memory; mount -o remount,size=1G /dev/shm), or remove logs: ouroboros remove --dead "/*"';

/** The file system of shared memory on Linux, as the system describes it. */
export interface ShmFacts {
  /** In bytes; 0: without a limit. */
  size: number;
  free: number;
  type: number;
  mode: number;
  /** How large a new log is if its size is not given, and how large it usually is. */
  newLog: number;
  usual: number;
}

/** The facts of this machine. */
export function shmFacts(): ShmFacts {
  const { type, bsize, blocks } = statfsSync(FOLDER);
  return {
    size: Number(blocks) * Number(bsize),
    free: SharedMemory.freeSpace,
    type: Number(type),
    mode: statSync(FOLDER).mode,
    ...newLogSize(),
  };
}

function newLogSize(): { newLog: number; usual: number } {
  const [{ chunkCount, chunkSize }] = shapesOf("/new", {});
  return { newLog: chunkCount * chunkSize, usual: USUAL_SIZE };
}

/** What is found of them. */
export function shmFinding({ size, free, type, mode, newLog, usual }: ShmFacts): Finding {
  const space = size === 0 ? "without a limit" : `${formatSize(size)}, ${formatSize(free)} free`;
  const isShort = free < newLog;
  const wrong = isShort
    ? ["no room for a new log", LARGER]
    : newLog < usual
    ? [`a new log gets ${formatSize(newLog)} in place of ${formatSize(usual)}`, LARGER]
    : type !== TMPFS
    ? ["not a tmpfs: what is written goes to a disk", `mount a tmpfs at ${FOLDER}`]
    : (mode & ANYBODY) !== 0 && (mode & STICKY) === 0
    ? ["every user can remove the logs of the others", `chmod 1777 ${FOLDER}`]
    : undefined;
  return {
    check: "shared memory",
    status: isShort ? "broken" : wrong === undefined ? "ok" : "warning",
    found: `${FOLDER}: ${space}${wrong === undefined ? "" : `; ${wrong[0]}`}`,
    ...wrong !== undefined && { todo: wrong[1] },
    values: { size, free, newLog },
  };
}

/** What the control groups of this process let it have. */
export function limitFinding(limit: number): Finding {
  return {
    check: "memory limit",
    status: "ok",
    found: limit === Infinity
      ? "none"
      : `${formatSize(limit)} for this container or service; its logs in shared memory count`,
    values: { limit: limit === Infinity ? null : limit },
  };
}

/** What holds the lock of a writer, by system. */
const LOCKS: Readonly<Record<string, string>> = {
  linux: "flock, which the kernel releases with the process",
  darwin: "a lock file in /var/tmp, which the kernel releases with the process",
  win32: "a mutex, which the system releases with the process",
};

/** Makes a segment, opens, locks, rings and removes it. */
export async function tryMemory(): Promise<Finding[]> {
  const name = `/ouroboros-doctor-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  // It has no whole pages, so that there is room for a bell behind its end.
  using memory = SharedMemory.create(name, 5000, { lock: true });
  try {
    using other = SharedMemory.open(name, { access: "read-write" });
    new Uint8Array(memory.buffer)[0] = 1;
    const isShared = new Uint8Array(other.buffer)[0] === 1;
    const isSafe = other.isLocked() && !other.tryLock();
    const pid = other.lockHolder();
    return [
      {
        check: "segment",
        status: isShared ? "ok" : "broken",
        found: isShared
          ? "made, opened and mapped"
          : "two mappings of a segment show different bytes: no log can work here",
      },
      {
        check: "lock",
        status: isSafe ? "ok" : "broken",
        found: isSafe
          ? LOCKS[process.platform] +
            (pid === undefined ? "; which process has it is not known here" : "")
          : "it does not keep a second writer out: two of them would destroy a log",
        values: { holds: isSafe, ...pid !== undefined && { pid } },
      },
      ...process.platform === "linux" ? [namesFinding(), ownFinding(other.isOwn())] : [],
      await wakeFinding(memory),
    ];
  } finally {
    memory.remove();
  }
}

/** Whether segments get their name when they are complete. */
function namesFinding(): Finding {
  const { nameless, close } = system();
  const descriptor = nameless?.createShared(0o600);
  const name = `/ouroboros-doctor-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  let isNamed = false;
  if (descriptor !== undefined) {
    try {
      isNamed = nameless?.nameShared(descriptor, name, false) ?? false;
    } finally {
      if (isNamed) SharedMemory.unlink(name);
      close(descriptor);
    }
  }
  return nameFinding(descriptor !== undefined, isNamed);
}

/** What is found of that. */
export function nameFinding(hasNameless: boolean, isNamed: boolean): Finding {
  const lacks = !hasNameless
    ? "no O_TMPFILE"
    : "no way to give a segment its name afterwards (linkat by /proc/self/fd)";
  return {
    check: "O_TMPFILE",
    status: isNamed ? "ok" : "warning",
    found: isNamed
      ? "a segment gets its name when it is complete"
      : `${lacks}: a log is seen before it is complete, and can't be replaced in one step`,
    ...!isNamed && { todo: 'mount /proc, and take ifExists: "restart" in place of "replace"' },
    values: { works: isNamed },
  };
}

/** Whether what this user makes counts as theirs. */
export function ownFinding(isOwn: boolean): Finding {
  const user = process.geteuid?.() ?? 0;
  return {
    check: "user",
    status: isOwn ? "ok" : "warning",
    found: isOwn
      ? `${user}${user === 0 ? " (root)" : ""}`
      : `${user} may stand for any user here: no writer continues a log that it finds`,
    ...!isOwn && {
      todo: "run as a user that the user namespace knows (see /proc/self/uid_map)",
    },
    values: { user, isOwn },
  };
}

/** How long a sleeper usually takes to start, and may take to wake, in milliseconds. */
const START = 50;
const LONGEST_SLEEP = 5000;

/** Whether a reader that sleeps is woken. */
async function wakeFinding(memory: SharedMemory): Promise<Finding> {
  using bell = Doorbell.of(memory);
  if (bell === undefined) return wakes("no futex between processes on this system", "ok");
  bell.attend();
  bell.arm();
  const start = performance.now();
  const slept = bell.sleep(LONGEST_SLEEP);
  // It should be in its sleep by then; else it finds that the bell has rung.
  await delay(START);
  bell.ring();
  await slept;
  if (!bell.canSleep) {
    return wakes(
      "no thread can be started to sleep in",
      "warning",
      "with node --permission add --allow-worker",
    );
  }
  return performance.now() - start < LONGEST_SLEEP
    ? {
      check: "wake-ups",
      status: "ok",
      found: "a writer with notify wakes readers (futex)",
      values: { works: true },
    }
    : wakes("a futex does not wake here", "warning");
}

function wakes(why: string, status: "ok" | "warning", todo?: string): Finding {
  return {
    check: "wake-ups",
    status,
    found: `${why}: readers look by themselves, and notify changes nothing`,
    ...todo !== undefined && { todo },
    values: { works: false },
  };
}
