/**
 * What a system call failed with, as one of our errors.
 *
 * @module
 */

import { existsSync } from "node:fs";
import os from "node:os";
import { dirname } from "node:path";
import {
  NoSpaceError,
  type OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
} from "../src/errors.ts";

const { errno: ERRNO } = os.constants;

const DENIED = "permission denied";
const READ_ONLY = "the file system is read-only";
const SEE_MODE = "the owner and the mode say who may open it";
const SEE_SPACE = "make it smaller, or remove what is not needed (df shows how much is free)";

const SEE_LIMIT = "raise the limit of the process (ulimit -f), or make it smaller";

/** There is nothing of this name: that of a segment in quotes, or a word and a name. */
export function notFound(what: string): SegmentNotFoundError {
  return new SegmentNotFoundError(
    what.startsWith('"') ? `no shared memory named ${what}` : `no ${what}`,
  );
}

/**
 * There is no folder for a file that is to be made, or none in which this user, or anybody, can make one, as
 * in /proc; `error` is what the attempt failed with.
 */
export function withoutFolder(path: string, error: unknown): unknown {
  const folder = dirname(path);
  if (error instanceof PermissionDeniedError) {
    const why = [DENIED, READ_ONLY].find((why) => error.message.includes(` failed: ${why}; `));
    return why === undefined || existsSync(path) ? error : new PermissionDeniedError(
      `no file can be made in folder "${folder}": ${why}; choose another folder`,
    );
  }
  if (!(error instanceof SegmentNotFoundError)) return error;
  return existsSync(folder)
    ? new SystemCallError(
      `no file can be made in folder "${folder}": choose another folder`,
      ERRNO.ENOENT,
    )
    : new SegmentNotFoundError(`no folder "${folder}": make it first`);
}

/** There is something of this name. */
export function existsAlready(what: string): SegmentExistsError {
  const subject = what.startsWith('"') ? `shared memory ${what}` : what;
  return new SegmentExistsError(`${subject} exists already`);
}

/** The error for error number `reason` of `call` on `what`. */
export function systemError(call: string, what: string, reason: number): OuroborosError {
  const failed = `${call} ${what} failed`;
  switch (reason) {
    case ERRNO.ENOENT:
      return notFound(what);
    case ERRNO.EEXIST:
      return existsAlready(what);
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return new PermissionDeniedError(`${failed}: ${DENIED}; ${SEE_MODE}`);
    case ERRNO.EROFS:
      return new PermissionDeniedError(`${failed}: ${READ_ONLY}; choose another place`);
    case ERRNO.ENOSPC:
    case ERRNO.ENOMEM:
    case ERRNO.EDQUOT:
      return new NoSpaceError(`${failed}: no space left; ${SEE_SPACE}`);
    case ERRNO.EFBIG:
      return new NoSpaceError(`${failed}: file too large; ${SEE_LIMIT}`);
    case ERRNO.EISDIR:
      return new SystemCallError(`${failed}: it is a folder; name a file in it`, reason);
    default:
      return new SystemCallError(`${failed}: ${nameOf(reason)}`, reason);
  }
}

/** The error for what a function of `node:fs` threw. */
export function translateFsError(call: string, what: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "NotCapable") {
    return new PermissionDeniedError(
      `${call} ${what} failed: run deno with --allow-read and --allow-write for it`,
    );
  }
  const { code } = error as { code?: string };
  if (code === "ERR_ACCESS_DENIED") {
    return new PermissionDeniedError(
      `${call} ${what} failed: run node with --allow-fs-read and --allow-fs-write for it`,
    );
  }
  const reason = code === undefined
    ? numberIn(error.message)
    : (ERRNO as Record<string, number>)[code];
  return reason === undefined ? error : systemError(call, what, reason);
}

/** Deno gives some errors no code, only the system's number in the message. */
function numberIn(message: string): number | undefined {
  const [, number] = /\(os error (\d+)\)/.exec(message) ?? [];
  // Windows counts otherwise.
  return number === undefined || os.platform() === "win32" ? undefined : Number(number);
}

function nameOf(reason: number): string {
  const name = Object.entries(ERRNO).find(([, value]) => value === reason)?.[0];
  return name === undefined ? `error ${reason}` : `${name} (${reason})`;
}

/**
 * Whether a write failed because nobody reads any more. A socket that stands for a pipe, as Node and Bun give
 * them to what they start, says so in another way where bytes were left unread in it.
 */
export function isReaderGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ECONNRESET";
}
