/**
 * The errors of this library. Each has a stable `code`.
 *
 * Wrong arguments are plain `RangeError` and `TypeError`. Everything else that can fail (a log that is
 * missing, damaged or locked, a machine without memory) is an {@linkcode OuroborosError}.
 *
 * All classes are exported from `@ouroboros/log/errors`. Each other module exports those that its own
 * functions throw. A class that two modules export is the same one.
 *
 * The guide [Errors](src/guides/errors.md) says what to do about each code.
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
  | "COLLECTOR_REFUSED"
  | "CORRUPT_BUFFER"
  | "CORRUPT_LOG"
  | "CORRUPT_RING"
  | "CORRUPT_STATE"
  | "LAPPED"
  | "LOG_FINISHED"
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
 * The base class of all errors of this library that are not about wrong arguments.
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

/**
 * A claim is still open: commit or abort it before the next write. Code `CLAIM_PENDING`.
 *
 * @example
 * ```ts
 * import { ClaimPendingError, Writer } from "@ouroboros/log";
 *
 * const writer = Writer.create(new ArrayBuffer(65536));
 * const claim = writer.claim(5);
 * try {
 *   writer.write("too soon");
 * } catch (error) {
 *   if (!(error instanceof ClaimPendingError)) throw error;
 *   claim.abort(); // or commit() it
 * }
 * console.log(writer.write("now")); // 1
 * ```
 */
export class ClaimPendingError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("CLAIM_PENDING", message);
  }
}

/**
 * The handle was closed before. Code `CLOSED`.
 *
 * @example
 * ```ts
 * import { ClosedError, Writer } from "@ouroboros/log";
 *
 * const writer = Writer.create(new ArrayBuffer(65536));
 * writer.close();
 * try {
 *   writer.write("too late");
 * } catch (error) {
 *   if (!(error instanceof ClosedError)) throw error;
 *   console.log(error.code); // CLOSED
 * }
 * ```
 */
export class ClosedError extends OuroborosError {
  /** Makes the error with its message, and perhaps its cause. */
  constructor(message: string, options?: ErrorOptions) {
    super("CLOSED", message, options);
  }
}

/**
 * A collector of OpenTelemetry does not let us in, or the address is that of another server. Code
 * `COLLECTOR_REFUSED`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { CollectorRefusedError, forward } from "@ouroboros/log/otlp";
 *
 * using reader = ShmLogReader.open("/app", { strategy: "oldest" });
 * try {
 *   await forward(reader, { url: "https://collector.example:4318" });
 * } catch (error) {
 *   if (!(error instanceof CollectorRefusedError)) throw error;
 *   console.error(error.message); // says what the collector answered
 * }
 * ```
 */
export class CollectorRefusedError extends OuroborosError {
  /** Makes the error with its message, and what was the cause. */
  constructor(message: string, options?: ErrorOptions) {
    super("COLLECTOR_REFUSED", message, options);
  }
}

/**
 * The state or the bytes of a circular buffer contradict its format. Code `CORRUPT_BUFFER`.
 *
 * @example
 * ```ts
 * import { circularSizes, CircularWriter, CorruptBufferError } from "@ouroboros/log/circular";
 *
 * const sizes = circularSizes(1000);
 * const index = new ArrayBuffer(sizes.index);
 * new DataView(index).setBigUint64(256, 5000n, true); // beyond the end
 * try {
 *   new CircularWriter(index, new ArrayBuffer(sizes.data), { capacity: 1000 });
 * } catch (error) {
 *   if (!(error instanceof CorruptBufferError)) throw error;
 *   console.log(error.code); // CORRUPT_BUFFER
 * }
 * ```
 */
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
 *
 * @example
 * ```ts
 * import { CorruptLogError, Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(65536);
 * Writer.create(memory, { chunkCount: 2 }).write("hello");
 * new DataView(memory).setUint32(48, 0xffffffff, true); // the length of the first entry
 * try {
 *   new Reader(memory).read();
 * } catch (error) {
 *   if (!(error instanceof CorruptLogError)) throw error;
 *   console.log(error.offset); // 48
 * }
 * ```
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
 *
 * @example
 * ```ts
 * import { CorruptRingError, Ring } from "@ouroboros/log/ring";
 *
 * const memory = new Uint8Array(1000).fill(255); // some other file
 * try {
 *   new Ring(memory);
 * } catch (error) {
 *   if (!(error instanceof CorruptRingError)) throw error;
 *   console.log(error.code); // CORRUPT_RING
 * }
 * ```
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
 * A state file has no intact slot or no cursor. Code `CORRUPT_STATE`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { CorruptStateError, forward } from "@ouroboros/log/nats";
 *
 * using reader = ShmLogReader.open("/app", { strategy: "oldest" });
 * try {
 *   await forward(reader, { stream: "LOGS", state: "/var/lib/app/forward.state" });
 * } catch (error) {
 *   if (!(error instanceof CorruptStateError)) throw error;
 *   console.error(error.message); // says which file it is
 * }
 * ```
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
 * The reader continues with the next message that is written: you can read on.
 *
 * @example
 * ```ts
 * import { CircularReader, circularSizes, CircularWriter, LappedError } from "@ouroboros/log/circular";
 *
 * const { index, data } = circularSizes(1000);
 * const memories = [new ArrayBuffer(index), new ArrayBuffer(data)] as const;
 * const writer = new CircularWriter(...memories, { capacity: 1000 });
 * const reader = new CircularReader(...memories, { capacity: 1000, onLap: "throw" });
 * for (let i = 0; i < 100; i++) writer.write("a message of 24 characters");
 * try {
 *   reader.read();
 * } catch (error) {
 *   if (!(error instanceof LappedError)) throw error;
 *   console.log(error.lostBytes > 1000); // true
 * }
 * writer.write("next");
 * console.log(new TextDecoder().decode(reader.read())); // next
 * ```
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

/**
 * The log was finished by its writer, and can't be resumed. Code `LOG_FINISHED`.
 *
 * @example
 * ```ts
 * import { LogFinishedError, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(65536);
 * Writer.create(memory, { version: 2 }).finish();
 * try {
 *   Writer.resume(memory);
 * } catch (error) {
 *   if (!(error instanceof LogFinishedError)) throw error;
 *   console.log(Writer.restart(memory).write("again")); // 1
 * }
 * ```
 */
export class LogFinishedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("LOG_FINISHED", message);
  }
}

/**
 * This runtime, system or set of permissions gives no native memory. Code `NATIVE_UNAVAILABLE`.
 *
 * @example
 * ```typescript
 * import { NativeUnavailableError, ShmLogWriter } from "@ouroboros/log";
 *
 * try {
 *   ShmLogWriter.create("/app");
 * } catch (error) {
 *   if (!(error instanceof NativeUnavailableError)) throw error;
 *   console.error(error.message); // says what to install, or which flag to give
 * }
 * ```
 */
export class NativeUnavailableError extends OuroborosError {
  /** Makes the error with its message, which says what to install or which flag to give. */
  constructor(message: string, options?: ErrorOptions) {
    super("NATIVE_UNAVAILABLE", message, options);
  }
}

/**
 * A NATS server refused us: credentials, certificate or permissions are wrong. Code `NATS_REFUSED`.
 *
 * @example
 * ```typescript
 * import { NatsLink, NatsRefusedError } from "@ouroboros/log/nats";
 *
 * try {
 *   await NatsLink.open({ servers: "nats://10.0.0.7:4222", creds: "/etc/app.creds" });
 * } catch (error) {
 *   if (!(error instanceof NatsRefusedError)) throw error;
 *   console.error(error.message); // says what the server answered
 * }
 * ```
 */
export class NatsRefusedError extends OuroborosError {
  /** Makes the error with its message, and what the client said. */
  constructor(message: string, options?: ErrorOptions) {
    super("NATS_REFUSED", message, options);
  }
}

/**
 * The file system of the segment has no room for it. Code `NO_SPACE`.
 *
 * @example
 * ```typescript
 * import { NoSpaceError, ShmLogWriter } from "@ouroboros/log";
 *
 * try {
 *   ShmLogWriter.create("/app", { size: "1GiB" });
 * } catch (error) {
 *   if (!(error instanceof NoSpaceError)) throw error;
 *   ShmLogWriter.create("/app", { size: "4MiB" });
 * }
 * ```
 */
export class NoSpaceError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("NO_SPACE", message);
  }
}

/**
 * The writer overtook this reader, which was opened with `onOverrun: "throw"`. Code `OVERRUN`.
 *
 * The reader is at the oldest intact entry: you can read on.
 *
 * @example
 * ```ts
 * import { OverrunError, Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = Writer.create(memory, { chunkCount: 2 });
 * const reader = new Reader(memory, { onOverrun: "throw" });
 * for (let i = 1; i <= 1000; i++) writer.write(`entry ${i}`);
 * try {
 *   reader.read();
 * } catch (error) {
 *   if (!(error instanceof OverrunError)) throw error;
 *   console.log(reader.read()?.sequenceNumber === error.lostEntries + 1); // true
 * }
 * ```
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

/**
 * A package that is needed for this, and only for this, is not installed. Code `PACKAGE_MISSING`.
 *
 * @example
 * ```typescript
 * import { NatsLink, PackageMissingError } from "@ouroboros/log/nats";
 *
 * try {
 *   await NatsLink.open();
 * } catch (error) {
 *   if (!(error instanceof PackageMissingError)) throw error;
 *   console.error(error.message); // says what to install
 * }
 * ```
 */
export class PackageMissingError extends OuroborosError {
  /** Makes the error with its message, which says what to install. */
  constructor(message: string, options?: ErrorOptions) {
    super("PACKAGE_MISSING", message, options);
  }
}

/**
 * The system refused access to the segment. Code `PERMISSION_DENIED`.
 *
 * @example
 * ```typescript
 * import { PermissionDeniedError, ShmLogReader } from "@ouroboros/log";
 *
 * try {
 *   ShmLogReader.open("/of-another-user");
 * } catch (error) {
 *   if (!(error instanceof PermissionDeniedError)) throw error;
 *   console.error(error.message); // its writer can give it another `mode`
 * }
 * ```
 */
export class PermissionDeniedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("PERMISSION_DENIED", message);
  }
}

/**
 * A visitor or handler used the reader that calls it, or a batch was filled while code iterated over it.
 * Code `REENTRANT_USE`.
 *
 * Nothing was read: the reader is where it was.
 *
 * @example
 * ```ts
 * import { Reader, ReentrantUseError, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(65536);
 * Writer.create(memory).write("hello");
 * const reader = new Reader(memory);
 * try {
 *   reader.forEach(() => void reader.read());
 * } catch (error) {
 *   if (!(error instanceof ReentrantUseError)) throw error;
 *   console.log(reader.read()?.text); // hello
 * }
 * ```
 */
export class ReentrantUseError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("REENTRANT_USE", message);
  }
}

/**
 * There is a segment of this name already. Code `SEGMENT_EXISTS`.
 *
 * @example
 * ```ts
 * import { SegmentExistsError, ShmLogWriter } from "@ouroboros/log";
 *
 * using _log = ShmLogWriter.create("/doc-exists", { size: "64KiB" });
 * try {
 *   ShmLogWriter.create("/doc-exists", { ifExists: "fail" });
 * } catch (error) {
 *   if (!(error instanceof SegmentExistsError)) throw error;
 *   console.log(error.code); // SEGMENT_EXISTS
 * }
 * ```
 */
export class SegmentExistsError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_EXISTS", message);
  }
}

/**
 * There is no segment of this name. Code `SEGMENT_NOT_FOUND`.
 *
 * @example
 * ```ts
 * import { SegmentNotFoundError, ShmLogReader } from "@ouroboros/log";
 *
 * try {
 *   ShmLogReader.open("/no-such-log");
 * } catch (error) {
 *   if (!(error instanceof SegmentNotFoundError)) throw error;
 *   console.log(error.code); // SEGMENT_NOT_FOUND
 * }
 * ```
 */
export class SegmentNotFoundError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_NOT_FOUND", message);
  }
}

/**
 * Somebody made the segment shorter than it was when it was mapped. Code `SEGMENT_TRUNCATED`.
 *
 * @example
 * ```typescript
 * import { SegmentTruncatedError, ShmLogReader } from "@ouroboros/log";
 *
 * using reader = ShmLogReader.open({ path: "/var/log/app.log" }, { copyMode: "pread" });
 * try {
 *   for (const entry of reader) console.log(entry.text);
 * } catch (error) {
 *   if (!(error instanceof SegmentTruncatedError)) throw error;
 *   reader.reopen(); // the log that has the name now
 * }
 * ```
 */
export class SegmentTruncatedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("SEGMENT_TRUNCATED", message);
  }
}

/**
 * Another process, or another handle, has this state file. Code `STATE_LOCKED`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward, StateLockedError } from "@ouroboros/log/nats";
 *
 * using reader = ShmLogReader.open("/app", { strategy: "oldest" });
 * try {
 *   await forward(reader, { stream: "LOGS", state: "/var/lib/app/forward.state" });
 * } catch (error) {
 *   if (!(error instanceof StateLockedError)) throw error;
 *   console.error(error.message); // another forwarder has the file
 * }
 * ```
 */
export class StateLockedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("STATE_LOCKED", message);
  }
}

/**
 * There is no JetStream, no such stream, or it does not take the subject. Code `STREAM_UNUSABLE`.
 *
 * @example
 * ```typescript
 * import { receive, StreamUnusableError } from "@ouroboros/log/nats";
 *
 * try {
 *   for await (const { source } of receive({ stream: "LOGS" })) console.log(source.name);
 * } catch (error) {
 *   if (!(error instanceof StreamUnusableError)) throw error;
 *   console.error(error.message); // says what is wrong with the stream
 * }
 * ```
 */
export class StreamUnusableError extends OuroborosError {
  /** Makes the error with its message, and what the server said. */
  constructor(message: string, options?: ErrorOptions) {
    super("STREAM_UNUSABLE", message, options);
  }
}

/**
 * A system call failed in a way that has no class of its own. Code `SYSTEM_CALL_FAILED`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader, SystemCallError } from "@ouroboros/log";
 *
 * try {
 *   ShmLogReader.open({ path: "/var/log" });
 * } catch (error) {
 *   if (!(error instanceof SystemCallError)) throw error;
 *   console.error(error.message, error.errno);
 * }
 * ```
 */
export class SystemCallError extends OuroborosError {
  /** The number that the system gave as the reason (errno on POSIX systems). */
  readonly errno: number;

  /** Makes the error with its message and the system's error number. */
  constructor(message: string, errno: number) {
    super("SYSTEM_CALL_FAILED", message);
    this.errno = errno;
  }
}

/**
 * The segments are no circular buffer of the capacity asked for. Code `UNSUPPORTED_BUFFER`.
 *
 * @example
 * ```ts
 * import { CircularReader, UnsupportedBufferError } from "@ouroboros/log/circular";
 *
 * const tooSmall = new ArrayBuffer(512);
 * try {
 *   new CircularReader(tooSmall, tooSmall, { capacity: 1000 });
 * } catch (error) {
 *   if (!(error instanceof UnsupportedBufferError)) throw error;
 *   console.log(error.code); // UNSUPPORTED_BUFFER
 * }
 * ```
 */
export class UnsupportedBufferError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("UNSUPPORTED_BUFFER", message);
  }
}

/**
 * The segment is not a log, or one of a format version that we don't know. Code `UNSUPPORTED_LOG`.
 *
 * @example
 * ```ts
 * import { Reader, UnsupportedLogError } from "@ouroboros/log";
 *
 * try {
 *   new Reader(new ArrayBuffer(65536)); // zeros
 * } catch (error) {
 *   if (!(error instanceof UnsupportedLogError)) throw error;
 *   console.log(error.version); // undefined
 * }
 * ```
 */
export class UnsupportedLogError extends OuroborosError {
  /** The version of its format, if it is a log of one that we don't know. */
  readonly version: number | undefined;

  /** Makes the error with its message, and the version of the log if it is one. */
  constructor(message: string, version?: number) {
    super("UNSUPPORTED_LOG", message);
    this.version = version;
  }
}

/**
 * Another process, or another handle, is the writer of this segment or file. Code `WRITER_LOCKED`.
 *
 * @example
 * ```ts
 * import { ShmLogWriter, WriterLockedError } from "@ouroboros/log";
 *
 * using _log = ShmLogWriter.create("/doc-locked", { size: "64KiB" });
 * try {
 *   ShmLogWriter.create("/doc-locked");
 * } catch (error) {
 *   if (!(error instanceof WriterLockedError)) throw error;
 *   console.log(error.code); // WRITER_LOCKED
 * }
 * ```
 */
export class WriterLockedError extends OuroborosError {
  /** Makes the error with its message. */
  constructor(message: string) {
    super("WRITER_LOCKED", message);
  }
}
