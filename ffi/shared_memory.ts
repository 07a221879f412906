/**
 * Named shared memory.
 *
 * @module
 */

import os from "node:os";
import {
  NoSpaceError,
  PermissionDeniedError,
  SegmentNotFoundError,
  SystemCallError,
} from "../src/errors.ts";
import { make } from "./creation.ts";
import { Mapping } from "./mapping.ts";
import {
  checkSize,
  createChecks,
  type CreateOptions,
  openChecks,
  type OpenOptions,
} from "./memory_options.ts";
import { system } from "./current_system.ts";
import type { Access, ObjectIdentity, SegmentIdentity } from "./system.ts";
import { checkOptions, flag } from "../src/base/options.ts";
import { inspectable } from "../src/base/inspectable.ts";

/** How a segment is opened. */
export interface SharedOpenOptions extends OpenOptions {
  /**
   * Whether to map the last page of the segment to its end. Processes that map it share that memory,
   * too. Default false.
   */
  wholePages?: boolean;
}

/** How a segment is created. */
export interface SharedCreateOptions extends CreateOptions<SharedMemory> {
  /** Whether to map its last page to the end, see {@linkcode SharedOpenOptions.wholePages}. */
  wholePages?: boolean;
}

/** No system has smaller pages, in bytes. */
const PAGE = 4096;

/**
 * A named segment of shared memory (`shm_open`): processes that map the same name see the same
 * bytes. It stays until its name is unlinked and the last mapping is closed, or until a reboot.
 *
 * @example
 * ```ts
 * import { SharedMemory } from "@ouroboros/log/ffi";
 *
 * using ours = SharedMemory.create("/doc-shared", 4096);
 * using theirs = SharedMemory.open("/doc-shared");
 * new Uint8Array(ours.buffer)[0] = 7;
 * console.log(new Uint8Array(theirs.buffer)[0]); // 7
 * SharedMemory.unlink("/doc-shared");
 * ```
 */
export class SharedMemory extends Mapping {
  /** The name, with its `/`. */
  readonly name: string;

  private constructor(
    name: string,
    descriptor: number,
    byteLength: number,
    access: Access,
    isMade: boolean = false,
  ) {
    super({
      descriptor,
      byteLength,
      access,
      isMade,
      name,
      what: `"${name}"`,
      closeDescriptor: (open) => system().close(open),
    });
    this.name = name;
  }

  /**
   * Creates a segment of zeros with memory reserved for all of it, and maps it for reading and
   * writing. On Linux no process sees it before it is complete, see {@linkcode CreateOptions.prepare}.
   *
   * @param name a name with or without its `/`
   * @param size in bytes; on Windows it becomes a multiple of the page size, see `byteLength`
   * @throws {SegmentExistsError} if there is one of this name
   * @throws {WriterLockedError} with `lock`, if another process was faster
   * @throws {NoSpaceError} if there is no memory for it: /dev/shm is full, in a container for
   * instance, where it has 64 MiB by default; or if it is larger than
   * {@linkcode SharedMemory.memoryLimit}, or than a file of this process may be (`ulimit -f`)
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if the size, the mode or the name is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  static create(name: string, size: number, options: SharedCreateOptions = {}): SharedMemory {
    const normal = SharedMemory.normalizeName(name);
    checkOptions("SharedMemory.create()", options, { ...createChecks, wholePages: flag });
    const { mode = 0o600, reserve = true, wholePages = false } = options;
    const what = `"${normal}"`;
    checkSize(size, `segment ${what}`);
    const segmentSize = system().segmentSize(size);
    const mapped = wholePages ? inWholePages(segmentSize) : segmentSize;
    const { nameless } = system();
    return make({
      what,
      isTaken: () => SharedMemory.exists(normal),
      createNameless: () => nameless?.createShared(mode),
      giveName: (descriptor, replaces) =>
        nameless?.nameShared(descriptor, normal, replaces) ?? false,
      create: () => system().createShared(normal, mode, segmentSize),
      build(descriptor) {
        system().setMode(descriptor, mode, what);
        system().setSize(descriptor, segmentSize, what);
        if (reserve) {
          checkLimit(segmentSize, what);
          system().reserve(descriptor, segmentSize, what, false);
        }
        return new SharedMemory(normal, descriptor, mapped, "read-write", true);
      },
      leadsTo: (descriptor) => leadsTo(normal, system().identify(descriptor)),
      unlink: () => system().unlinkShared(normal),
      close: (descriptor) => system().close(descriptor),
    }, options);
  }

  /**
   * Opens a segment and maps all of it. A symbolic link in its place is not followed.
   *
   * @throws {SegmentNotFoundError} if it does not exist, or it has no size yet
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {SystemCallError} if it is no segment but a link, a folder, a pipe
   * @throws {RangeError} if the name is not usable, or the segment too large for this runtime
   * @throws {TypeError} if an option has the wrong type
   */
  static open(name: string, options: SharedOpenOptions = {}): SharedMemory {
    const normal = SharedMemory.normalizeName(name);
    checkOptions("SharedMemory.open()", options, { ...openChecks, wholePages: flag });
    const { access = "read", wholePages = false } = options;
    const descriptor = system().openShared(normal, access);
    try {
      const size = system().size(descriptor);
      if (size === 0) {
        throw new SegmentNotFoundError(
          `shared memory "${normal}" is empty: the process that creates it is not done, or dead`,
        );
      }
      const mapped = wholePages ? inWholePages(size) : size;
      checkSize(mapped, `segment "${normal}"`);
      return new SharedMemory(normal, descriptor, mapped, access);
    } catch (error) {
      system().close(descriptor);
      throw error;
    }
  }

  /**
   * Removes a name. Nobody can open it any more; a process that has it mapped keeps the memory. On Windows there
   * is nothing to remove, see {@linkcode SharedMemory.persists}.
   *
   * @returns whether a name was removed
   * @throws {PermissionDeniedError} if the system refuses
   */
  static unlink(name: string): boolean {
    return system().unlinkShared(SharedMemory.normalizeName(name));
  }

  /**
   * Whether the name is taken: by a segment, even one that we may not open, or by something else, like a
   * symbolic link or a folder.
   *
   * @throws {RangeError} if the name is not usable
   */
  static exists(name: string): boolean {
    const normal = SharedMemory.normalizeName(name);
    try {
      return whatIsAt(normal) !== undefined;
    } catch (error) {
      if (error instanceof PermissionDeniedError) return true;
      throw error;
    }
  }

  /**
   * Whether a segment stays until its name is removed. On Windows it does not: it goes when the last
   * handle is closed or its process has ended, and its name is taken until then.
   */
  static get persists(): boolean {
    return system().persists;
  }

  /**
   * How many bytes of memory the control group of this process (a container, a systemd service with
   * `MemoryMax`) may use. What is in shared memory counts: a process that takes more is
   * killed. Infinity if there is no limit, and on Windows and macOS.
   */
  static get memoryLimit(): number {
    return system().memoryLimit(false);
  }

  /**
   * How much memory in bytes is free for segments now: what /dev/shm has left. Infinity where it has no
   * limit, and on Windows and macOS.
   */
  static get freeSpace(): number {
    return system().freeSpace();
  }

  /**
   * The size that a segment has if one of `size` bytes is asked for: that, or on Windows the next
   * multiple of the page size.
   */
  static sizeFor(size: number): number {
    return system().segmentSize(size);
  }

  /**
   * The names of all segments, sorted, each with its `/`. In Deno it needs `--allow-read=/dev/shm`.
   * On Windows the names, as they are, of those that a process has open with this library. Segments of
   * other programs are not listed.
   *
   * @throws {NativeUnavailableError} on macOS, which has no such list
   */
  static list(): string[] {
    return system().listShared();
  }

  /**
   * The name as the system has it, checked: with its `/`; on Windows as it is given, there `/app` and
   * `app` are two names, and `Global\\app` is seen by all sessions of the machine.
   *
   * @throws {TypeError} if it is not a string
   * @throws {RangeError} if it is empty, `.` or `..`, too long (255 bytes of UTF-8 on Linux, 30 on
   * macOS, without the slash), or contains a slash or a NUL; on Windows if it is empty, longer than
   * 240 characters, or contains a NUL, or a backslash elsewhere than after `Global` or `Local`
   */
  static normalizeName(name: string): string {
    if (typeof name !== "string") {
      throw new TypeError(`name of type ${typeof name} is not a string`);
    }
    return system().normalizeName(name);
  }

  /** Whether the name still leads to this very segment. */
  override isCurrent(): boolean {
    return leadsTo(this.name, this.identity);
  }

  /** Closes, and removes the name while the lock is still held, see {@linkcode Mapping.remove}. */
  override remove(): void {
    this.closeAround(() => system().unlinkShared(this.name));
  }
}

/** Throws if there can't be so much memory: to set it aside would kill the process. */
function checkLimit(size: number, what: string): void {
  const limit = system().memoryLimit(true);
  if (size <= limit) return;
  throw new NoSpaceError(
    `${what} of ${size} bytes exceeds the ${limit} bytes of memory that this process may have: ` +
      "raise the limit of its container or control group, or make it smaller",
  );
}

function inWholePages(size: number): number {
  return Math.ceil(size / PAGE) * PAGE;
}

/** Whether the name leads to this very segment. */
function leadsTo(name: string, { device, inode }: SegmentIdentity): boolean {
  const found = whatIsAt(name);
  return typeof found === "object" && found.device === device && found.inode === inode;
}

/** What is at a name, if anything. */
function whatIsAt(name: string): ObjectIdentity | "a link" | undefined {
  const { identifyShared } = system();
  if (identifyShared !== undefined) return identifyShared(name);
  let descriptor: number | undefined;
  try {
    descriptor = system().openShared(name, "read");
    return system().identify(descriptor);
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return undefined;
    if (isLink(error)) return "a link";
    throw error;
  } finally {
    if (descriptor !== undefined) system().close(descriptor);
  }
}

/** Whether the system did not open a name because it is a symbolic link. */
function isLink(error: unknown): boolean {
  return error instanceof SystemCallError && error.errno === os.constants.errno.ELOOP;
}

inspectable(SharedMemory, "SharedMemory", ["name", "byteLength", "closed"]);
