/**
 * Files to be mapped, on Linux and macOS.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { SegmentNotFoundError, SystemCallError } from "../../src/errors.ts";
import { identityNumber } from "../segment_identity.ts";
import type { Files, ObjectIdentity } from "../system.ts";
import { translateFsError } from "../system_error.ts";

/** The files of Linux and macOS. */
export const posixFiles: Files = {
  create(path, mode) {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
    return openFile(path, flags, mode);
  },
  open(path, access) {
    // Not to hang on a pipe that nobody writes to: it is refused below.
    const how = access === "read" ? constants.O_RDONLY : constants.O_RDWR | constants.O_NOFOLLOW;
    const descriptor = openFile(path, how | (constants.O_NONBLOCK ?? 0), 0);
    try {
      if (fstatSync(descriptor).isFile()) return descriptor;
      throw new SystemCallError(
        `"${path}" is not a file: name one, or a path where there is nothing yet`,
        0,
      );
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  },
  identify(path, access) {
    // As it is opened: a link is followed, or is not.
    const stat = access === "read" ? statSync : lstatSync;
    try {
      return identityOf(stat(path, { bigint: true }));
    } catch (error) {
      const reason = translateFsError("stat", `file "${path}"`, error);
      if (reason instanceof SegmentNotFoundError) return undefined;
      throw reason;
    }
  },
  unlink(path) {
    try {
      unlinkSync(path);
      return true;
    } catch (error) {
      const reason = translateFsError("unlink", `file "${path}"`, error);
      if (reason instanceof SegmentNotFoundError) return false;
      throw reason;
    }
  },
  async sync(path, { device, inode }) {
    const descriptor = openFile(path, constants.O_RDONLY | constants.O_NONBLOCK, 0);
    try {
      const found = identityOf(fstatSync(descriptor, { bigint: true }));
      if (found.device !== device || found.inode !== inode) return false;
      await new Promise<void>((resolve, reject) => {
        fsync(descriptor, (error) => {
          if (error) reject(translateFsError("fsync", `file "${path}"`, error));
          else resolve();
        });
      });
      return true;
    } finally {
      closeSync(descriptor);
    }
  },
  close: closeSync,
};

function identityOf(found: { dev: bigint; ino: bigint }): ObjectIdentity {
  return { device: identityNumber(found.dev), inode: identityNumber(found.ino) };
}

function openFile(path: string, flags: number, mode: number): number {
  try {
    return openSync(path, flags, mode);
  } catch (error) {
    throw translateFsError("open", `file "${path}"`, error);
  }
}
