/**
 * The locks of segments on macOS: `flock` does not take a segment's descriptor, so a file stands for
 * each segment that is locked.
 *
 * The files are in `/var/tmp`: that is the same folder for all users, other than `$TMPDIR`, and other
 * than `/tmp` nobody removes from it what has not been touched for three days. Only the owner of a
 * segment, or root, can make its file, or it is not believed. A lock counts if the path leads to the
 * locked file still; so its holder may remove the file, and does when the name has another segment,
 * or none.
 *
 * A file is called after the number in its segment's mark; that of another program's segment, which has
 * no mark, after its name.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  statSync,
  unlinkSync,
} from "node:fs";
import {
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
} from "../../src/errors.ts";
import type { SegmentIdentity, System } from "../system.ts";
import { translateFsError } from "../system_error.ts";

/** How many times a file that is removed meanwhile is opened again. */
const ATTEMPTS = 100;

/** What is known of a segment. */
export interface MacSegment {
  /** Its size in bytes; 0 if it has none yet. */
  size: number;
  /** What its mark says. */
  identity: SegmentIdentity;
  /** Whether it may be one whose creator has not come to the mark: without one, and all zeros. */
  isBlank: boolean;
}

/** What else is needed of the system. */
export interface MacOptions {
  /** The permission bits of what a descriptor leads to. */
  mode(descriptor: number): number;
  /** The number of the user that this process acts for. */
  user(): number;
  /** Where lock files are. */
  lockFolder: string;
}

interface Lock {
  name: string;
  owner: number;
  segment: MacSegment;
  path: string;
  /** The file, while we hold it; -1. */
  file: number;
}

/** Whether a name leads to a segment of that identity. */
type LeadsTo = (name: string, identity: SegmentIdentity) => boolean;

/** The lock files of the segments that are open in this thread. */
export class MacLocks {
  readonly #posix: System;
  readonly #options: MacOptions;
  readonly #leadsTo: LeadsTo;
  readonly #locks = new Map<number, Lock>();

  /** Locks over `posix`, which locks files. */
  constructor(posix: System, options: MacOptions, leadsTo: LeadsTo) {
    this.#posix = posix;
    this.#options = options;
    this.#leadsTo = leadsTo;
  }

  /** Lets the segment of that descriptor be locked. */
  use(descriptor: number, name: string, segment: MacSegment): void {
    if (this.#locks.has(descriptor)) return;
    const owner = this.#posix.owner(descriptor);
    const path = this.#pathOf(name, segment.identity, owner);
    this.#locks.set(descriptor, { name, owner, segment, path, file: -1 });
  }

  /** Whether the descriptor is that of a segment to be locked. */
  has(descriptor: number): boolean {
    return this.#locks.has(descriptor);
  }

  /** Takes the lock; returns whether it did. */
  lock(descriptor: number): boolean {
    const lock = this.#of(descriptor);
    if (lock.segment.isBlank) {
      // Its creator would lock another file.
      throw new SegmentNotFoundError(
        `segment "${lock.name}" is blank: its creator is not done; remove it if that died`,
      );
    }
    const user = this.#options.user();
    // A user who may read the segment may see whether it has a writer.
    const mode = 0o600 | (this.#options.mode(descriptor) & 0o444);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const file = openLock(lock, user, mode);
      if (file === undefined) continue;
      let isKept = false;
      try {
        if (!isTrusted(file, lock.owner)) {
          throw new PermissionDeniedError(
            `lock file "${lock.path}" is not a file of the segment's owner, ${lock.owner}`,
          );
        }
        const isOurs = this.#posix.lock(file);
        if (!isAt(lock.path, file)) continue;
        if (isOurs) lock.file = file;
        isKept = isOurs;
        return isOurs;
      } finally {
        if (!isKept) closeSync(file);
      }
    }
    return false;
  }

  /** Whether somebody else has it. False, too, if its owner does not let us look. */
  isLocked(descriptor: number): boolean {
    const { path, owner } = this.#of(descriptor);
    const file = openToLook(path);
    if (file === undefined) return false;
    try {
      return isTrusted(file, owner) && this.#posix.isLocked(file);
    } finally {
      closeSync(file);
    }
  }

  /** Releases the lock if we have it. */
  unlock(descriptor: number): void {
    const lock = this.#of(descriptor);
    if (lock.file < 0) return;
    const { file } = lock;
    lock.file = -1;
    try {
      this.#removeIfUseless(lock.name, lock.segment.identity, lock.path);
    } finally {
      closeSync(file);
    }
  }

  /** Releases the lock, of a descriptor that is about to be closed. */
  forget(descriptor: number): void {
    if (!this.#locks.has(descriptor)) return;
    try {
      this.unlock(descriptor);
    } finally {
      this.#locks.delete(descriptor);
    }
  }

  /** Removes the file of a segment that has lost its name, if nobody holds it: its writer was killed. */
  sweep(name: string, identity: SegmentIdentity): void {
    const path = this.#pathOf(name, identity, this.#options.user());
    let file: number | undefined;
    try {
      file = openToLook(path);
      if (file !== undefined && this.#posix.lock(file) && isAt(path, file)) {
        this.#removeIfUseless(name, identity, path);
      }
    } catch {
      // An empty file is left.
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Only for the holder of the lock: nobody else may remove the file. */
  #removeIfUseless(name: string, identity: SegmentIdentity, path: string): void {
    try {
      if (!this.#leadsTo(name, identity)) unlinkSync(path);
    } catch {
      // An empty file is left.
    }
  }

  #of(descriptor: number): Lock {
    const lock = this.#locks.get(descriptor);
    if (lock === undefined) throw new TypeError(`descriptor ${descriptor} has no lock`);
    return lock;
  }

  #pathOf(name: string, { inode }: SegmentIdentity, owner: number): string {
    // In hexadecimal: file systems of a Mac take capital letters for small ones, and one spelling of ä
    // for another.
    const key = inode > 0 ? inode.toString(16) : `name-${Buffer.from(name).toString("hex")}`;
    return `${this.#options.lockFolder}/ouroboros-${owner}-${key}.lock`;
  }
}

/** Opens a lock file, or makes it. Undefined: it came or went in between. */
function openLock({ path, owner }: Lock, user: number, mode: number): number | undefined {
  const what = `lock file "${path}"`;
  const flags = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path, constants.O_RDONLY | flags);
  } catch (error) {
    const reason = translateFsError("open", what, error);
    if (!(reason instanceof SegmentNotFoundError)) throw reason;
  }
  if (user !== owner && user !== 0) {
    throw new PermissionDeniedError(`${what} is not there: only the segment's owner can make it`);
  }
  let file: number;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | flags, mode);
  } catch (error) {
    const reason = translateFsError("open", what, error);
    if (reason instanceof SegmentExistsError) return undefined;
    throw reason;
  }
  // What root makes for somebody must not keep them from their own segment. Nothing but what was made
  // right here may be given away: anything else may be a link to anything.
  if (user !== owner) fchownSync(file, owner, fstatSync(file).gid);
  return file;
}

function openToLook(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "EACCES") return undefined;
    throw translateFsError("open", `lock file "${path}"`, error);
  }
}

/** Whether the file is one that the owner of the segment, or root, has made. */
function isTrusted(file: number, owner: number): boolean {
  const found = fstatSync(file);
  return found.isFile() && (found.uid === owner || found.uid === 0);
}

/** Whether the path leads to this very file still. */
function isAt(path: string, file: number): boolean {
  const ours = fstatSync(file, { bigint: true });
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && found.dev === ours.dev && found.ino === ours.ino;
}
