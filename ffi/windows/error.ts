/**
 * What a call of Windows failed with, as one of our errors.
 *
 * @module
 */

import {
  NoSpaceError,
  type OuroborosError,
  PermissionDeniedError,
  SystemCallError,
} from "../../src/errors.ts";
import { existsAlready, notFound } from "../system_error.ts";

/** Reasons for a failure. */
export const ERROR = {
  FILE_NOT_FOUND: 2,
  PATH_NOT_FOUND: 3,
  ACCESS_DENIED: 5,
  INVALID_HANDLE: 6,
  NOT_ENOUGH_MEMORY: 8,
  OUTOFMEMORY: 14,
  SHARING_VIOLATION: 32,
  LOCK_VIOLATION: 33,
  HANDLE_EOF: 38,
  HANDLE_DISK_FULL: 39,
  FILE_EXISTS: 80,
  DISK_FULL: 112,
  ALREADY_EXISTS: 183,
  IO_PENDING: 997,
  USER_MAPPED_FILE: 1224,
  NO_SYSTEM_RESOURCES: 1450,
  COMMITMENT_LIMIT: 1455,
} as const;

/** The error for reason `reason` (of GetLastError) of `call` on `what`. */
export function windowsError(call: string, what: string, reason: number): OuroborosError {
  const failed = `${call} ${what} failed`;
  switch (reason) {
    case ERROR.FILE_NOT_FOUND:
    case ERROR.PATH_NOT_FOUND:
      return notFound(what);
    case ERROR.FILE_EXISTS:
    case ERROR.ALREADY_EXISTS:
      return existsAlready(what);
    case ERROR.ACCESS_DENIED:
      return new PermissionDeniedError(`${failed}: permission denied`);
    case ERROR.SHARING_VIOLATION:
      return new PermissionDeniedError(`${failed}: in use by another program`);
    case ERROR.USER_MAPPED_FILE:
      return new PermissionDeniedError(`${failed}: mapped by a program`);
    case ERROR.NOT_ENOUGH_MEMORY:
    case ERROR.OUTOFMEMORY:
    case ERROR.HANDLE_DISK_FULL:
    case ERROR.DISK_FULL:
    case ERROR.NO_SYSTEM_RESOURCES:
    case ERROR.COMMITMENT_LIMIT:
      return new NoSpaceError(`${failed}: no space left`);
    case ERROR.INVALID_HANDLE:
      return new SystemCallError(`${failed}: no handle of this kind (error ${reason})`, reason);
    default:
      return new SystemCallError(`${failed}: error ${reason}`, reason);
  }
}
