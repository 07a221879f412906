/**
 * The errors of this library: one family, each with a stable `code`.
 *
 * Wrong arguments are plain `RangeError` and `TypeError`; everything that the world does to us
 * (a segment that is missing, damaged, locked, too large for the memory that is left) is an
 * {@linkcode OuroborosError}.
 *
 * All of them are here, in `@ouroboros/log/errors`. Each other module exports those that its own
 * functions throw; a class that two modules export is the same one.
 *
 * ## What to do about it, by code
 *
 * - **`CLAIM_PENDING`**: a claim was neither committed nor aborted. Do one of the two before the next
 *   write, in a `finally` if what fills it can throw.
 * - **`CLOSED`**: the handle was closed before. Often a `using` that ended with its block while a timer
 *   still writes.
 * - **`CORRUPT_BUFFER`**: the state of a circular buffer contradicts itself: its segments are of
 *   different buffers, or somebody else wrote into them. Remove both segments.
 * - **`CORRUPT_LOG`**: bytes that no writer wrote. Look with `ouroboros verify NAME`; read what is left
 *   with `onDamage: "skip"`; begin anew with `ifExists: "replace"`.
 * - **`CORRUPT_RING`**: the same for a ring's file, or a file that is no ring: the message says which.
 *   `MemMapRingBuffer.repair(path)` keeps what is sound, and refuses what is no ring.
 * - **`CORRUPT_STATE`**: neither slot of a state file is intact, and somebody else than its forwarder or
 *   receiver wrote into it. Remove it: then it begins with what is there, and what is there twice is
 *   dropped by its number.
 * - **`LAPPED`**: the reader of a circular buffer was too slow, and was made with `onLap: "throw"`. It
 *   stands at the newest message: read on. A larger capacity gives it more time.
 * - **`NATIVE_UNAVAILABLE`**: no foreign functions. Deno: run it with `--allow-ffi`, without a path.
 *   Node before 26.9: `npm install koffi`; with `--permission` also `--allow-addons`, or `--allow-ffi`
 *   from 26.9 on. A system that is not supported: use `Writer` and `Reader` on a `SharedArrayBuffer`.
 * - **`NATS_REFUSED`**: a NATS server does not let us in: wrong credentials, a certificate that is not
 *   trusted, no right to publish to the subject. Asking again does not help, so nobody asks again.
 * - **`NO_SPACE`**: no memory for the segment. A container's /dev/shm has 64 MiB unless it is started with
 *   more (`docker run --shm-size=1g`; an `emptyDir` of `medium: Memory` in Kubernetes); `df /dev/shm`
 *   tells. Logs of dead programs stay there: `ouroboros list`, `ouroboros remove`.
 * - **`OVERRUN`**: the writer overtook a reader with `onOverrun: "throw"`. It stands at the oldest entry:
 *   read on. More or larger chunks give it more time.
 * - **`PACKAGE_MISSING`**: a part of this library that works with another package was used without it.
 *   The message says which to install.
 * - **`PERMISSION_DENIED`**: the mode of the segment, or of the folder, does not let this user in; or the
 *   log belongs to another user, and a writer touches only its own. Segments have mode 0600: let others
 *   read by `mode: 0o640` and a group, or `0o644`. Deno: files need `--allow-read` and `--allow-write`.
 * - **`REENTRANT_USE`**: a visitor, or handler, read by the same reader that calls it, or a batch was
 *   filled anew while somebody iterated over it. Nothing was taken: collect what you need, return, and
 *   read then; or open another reader.
 * - **`SEGMENT_EXISTS`**: a log of this name is there, of a writer that is alive or that crashed. Choose
 *   `ifExists: "resume"` to continue with it, or `"replace"`.
 * - **`SEGMENT_NOT_FOUND`**: no log of this name: not created yet (`ShmLogReader.waitFor`), removed by its
 *   writer's `close()` (`unlinkOnClose: false` keeps it), or in the /dev/shm of another container.
 * - **`SEGMENT_TRUNCATED`**: somebody made the segment shorter while it was read. `reopen()` goes over to
 *   the one that has its name now.
 * - **`STATE_LOCKED`**: another process keeps its state in the same file: one forwarder, or receiver, a
 *   state file. It is free as soon as that process has ended.
 * - **`STREAM_UNUSABLE`**: the NATS server has no JetStream (`nats-server -js`), no stream of that name
 *   (`--create-stream`, or `nats stream add`), or the stream does not take the subject; or a receiver
 *   can't have its consumer, which another one uses, or which is of another subject.
 * - **`SYSTEM_CALL_FAILED`**: the system refused in a way that has no class of its own: `errno` and the
 *   message say which call and why. `ELOOP` (40 on Linux) means a symbolic link in the place of a log.
 * - **`UNSUPPORTED_BUFFER`**: the segments are no circular buffer, or of another capacity than asked for.
 * - **`UNSUPPORTED_LOG`**: what is there is no log, or a version that is not known. A writer leaves it as
 *   it is: remove it yourself if nobody needs it.
 * - **`WRITER_LOCKED`**: a writer of this name is alive: `ouroboros stat NAME` tells. One process is the
 *   writer; others send it their lines, or write logs of their own. The lock goes with the process, but
 *   not with a worker that was ended by `worker.terminate()`.
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { OuroborosError } from "@ouroboros/log/errors";
 *
 * try {
 *   ShmLogReader.open("/no-such-log");
 * } catch (error) {
 *   if (!(error instanceof OuroborosError)) throw error;
 *   console.log(error.code); // SEGMENT_NOT_FOUND
 * }
 * ```
 *
 * @module
 */

/** The stable codes of {@linkcode OuroborosError}, one for each class. */
export type ErrorCode =
  | "CLAIM_PENDING"
  | "CLOSED"
  | "CORRUPT_BUFFER"
  | "CORRUPT_LOG"
  | "CORRUPT_RING"
  | "CORRUPT_STATE"
  | "LAPPED"
  | "NATIVE_UNAVAILABLE"
  | "NATS_REFUSED"
  | "NO_SPACE"
  | "OVERRUN"
  | "PACKAGE_MISSING"
  | "PERMISSION_DENIED"
  | "REENTRANT_USE"
  | "SEGMENT_EXISTS"
  | "SEGMENT_NOT_FOUND"
  | "SEGMENT_TRUNCATED"
  | "STATE_LOCKED"
  | "STREAM_UNUSABLE"
  | "SYSTEM_CALL_FAILED"
  | "UNSUPPORTED_BUFFER"
  | "UNSUPPORTED_LOG"
  | "WRITER_LOCKED";

/**
 * The base class of every error that this library throws on its own account.
 *
 * @example Telling the errors apart by code
 * ```ts
 * import { OuroborosError, ShmLogReader } from "@ouroboros/log";
 *
 * try {
 *   ShmLogReader.open("/no-such-log");
 * } catch (error) {
 *   if (!(error instanceof OuroborosError)) throw error;
 *   console.log(error.code); // SEGMENT_NOT_FOUND
 * }
 * ```
 */
export class OuroborosError extends Error {
  /** What went wrong, as a word that does not change between versions. */
  readonly code: ErrorCode;

  /** Makes an error with a code, a message that carries the values, and perhaps a cause. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A claim is still open: commit or abort it before the next write. Code `CLAIM_PENDING`. */
export class ClaimPendingError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("CLAIM_PENDING", message);
  }
}

/** The handle was closed before. Code `CLOSED`. */
export class ClosedError extends OuroborosError {
  /** Makes the error with its message, and perhaps what it was noticed by. */
  constructor(message: string, options?: ErrorOptions) {
    super("CLOSED", message, options);
  }
}

/** The state or the bytes of a circular buffer contradict its format. Code `CORRUPT_BUFFER`. */
export class CorruptBufferError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("CORRUPT_BUFFER", message);
  }
}

/**
 * The bytes of a log contradict its format. Code `CORRUPT_LOG`.
 *
 * `offset` is where, in bytes from the start of the segment.
 */
export class CorruptLogError extends OuroborosError {
  /** Where the damage is, in bytes from the start of the segment. */
  readonly offset: number;

  /** Makes the error with its message and the offset of the damage in bytes. */
  constructor(message: string, offset: number) {
    super("CORRUPT_LOG", message);
    this.offset = offset;
  }
}

/**
 * The bytes of a ring contradict its format. Code `CORRUPT_RING`.
 *
 * `offset` is where, in bytes from the start of the file.
 */
export class CorruptRingError extends OuroborosError {
  /** Where the damage is, in bytes from the start of the file. */
  readonly offset: number;

  /** Makes the error with its message and the offset of the damage in bytes. */
  constructor(message: string, offset: number) {
    super("CORRUPT_RING", message);
    this.offset = offset;
  }
}

/**
 * A file that keeps a place holds something else: a state file has slots that are neither empty nor
 * intact, and none that is intact, or a cursor file has no cursor. Code `CORRUPT_STATE`.
 */
export class CorruptStateError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPT_STATE", message, options);
  }
}

/**
 * The writer of a circular buffer lapped this reader, which was made with `onLap: "throw"`. Code
 * `LAPPED`.
 *
 * The reader continues with the next message that is written: reading on is safe.
 */
export class LappedError extends OuroborosError {
  /** How many bytes of messages, with their headers, this reader has missed since it started. */
  readonly lostBytes: number;

  /** Makes the error with its message and the number of bytes lost. */
  constructor(message: string, lostBytes: number) {
    super("LAPPED", message);
    this.lostBytes = lostBytes;
  }
}

/** This runtime, system or set of permissions gives no native memory. Code `NATIVE_UNAVAILABLE`. */
export class NativeUnavailableError extends OuroborosError {
  /** Makes the error with its message, which says what to install or which flag to give. */
  constructor(message: string, options?: ErrorOptions) {
    super("NATIVE_UNAVAILABLE", message, options);
  }
}

/**
 * A NATS server refused us: credentials, certificate or permissions are wrong. Code `NATS_REFUSED`.
 */
export class NatsRefusedError extends OuroborosError {
  /** Makes the error with its message, and what the client said. */
  constructor(message: string, options?: ErrorOptions) {
    super("NATS_REFUSED", message, options);
  }
}

/** The file system of the segment has no room for it. Code `NO_SPACE`. */
export class NoSpaceError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("NO_SPACE", message);
  }
}

/**
 * The writer overtook this reader, which was opened with `onOverrun: "throw"`. Code `OVERRUN`.
 *
 * The reader stands at the oldest intact entry already: reading on is safe.
 */
export class OverrunError extends OuroborosError {
  /** How many entries were overwritten before this reader came to them. */
  readonly lostEntries: number;

  /** Makes the error with its message and the number of entries lost. */
  constructor(message: string, lostEntries: number) {
    super("OVERRUN", message);
    this.lostEntries = lostEntries;
  }
}

/** A package that is needed for this, and only for this, is not installed. Code `PACKAGE_MISSING`. */
export class PackageMissingError extends OuroborosError {
  /** Makes the error with its message, which says what to install. */
  constructor(message: string, options?: ErrorOptions) {
    super("PACKAGE_MISSING", message, options);
  }
}

/** The system refused access to the segment. Code `PERMISSION_DENIED`. */
export class PermissionDeniedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("PERMISSION_DENIED", message);
  }
}

/**
 * A reader was used by the visitor, or handler, that it is calling, or a batch was filled anew while
 * somebody iterated over it. Code `REENTRANT_USE`.
 *
 * It is thrown before anything is taken: afterwards the reader is where it was.
 */
export class ReentrantUseError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("REENTRANT_USE", message);
  }
}

/** There is a segment of this name already. Code `SEGMENT_EXISTS`. */
export class SegmentExistsError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_EXISTS", message);
  }
}

/** There is no segment of this name. Code `SEGMENT_NOT_FOUND`. */
export class SegmentNotFoundError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_NOT_FOUND", message);
  }
}

/** Somebody made the segment shorter than it was when it was mapped. Code `SEGMENT_TRUNCATED`. */
export class SegmentTruncatedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_TRUNCATED", message);
  }
}

/** Another process, or another handle, has this state file. Code `STATE_LOCKED`. */
export class StateLockedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("STATE_LOCKED", message);
  }
}

/** There is no JetStream, no such stream, or it does not take the subject. Code `STREAM_UNUSABLE`. */
export class StreamUnusableError extends OuroborosError {
  /** Makes the error with its message, and what the server said. */
  constructor(message: string, options?: ErrorOptions) {
    super("STREAM_UNUSABLE", message, options);
  }
}

/** A system call failed in a way that has no class of its own. Code `SYSTEM_CALL_FAILED`. */
export class SystemCallError extends OuroborosError {
  /** The number that the system gave as the reason (errno on POSIX systems). */
  readonly errno: number;

  /** Makes the error with its message and the system's error number. */
  constructor(message: string, errno: number) {
    super("SYSTEM_CALL_FAILED", message);
    this.errno = errno;
  }
}

/** The segments are no circular buffer of the capacity asked for. Code `UNSUPPORTED_BUFFER`. */
export class UnsupportedBufferError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("UNSUPPORTED_BUFFER", message);
  }
}

/** The segment is not a log, or one of a format version that we don't know. Code `UNSUPPORTED_LOG`. */
export class UnsupportedLogError extends OuroborosError {
  /** The version of its format, if it is a log of one that we don't know. */
  readonly version: number | undefined;

  /** Makes the error with its message, and the version of the log if it is one. */
  constructor(message: string, version?: number) {
    super("UNSUPPORTED_LOG", message);
    this.version = version;
  }
}

/** Another process, or another handle, is the writer of this segment or file. Code `WRITER_LOCKED`. */
export class WriterLockedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("WRITER_LOCKED", message);
  }
}
