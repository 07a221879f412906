/**
 * What a call of Windows failed with, as one of our errors.
 *
 * @module
 */

import {
  NoSpaceError,
  type OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
} from "../src/errors.ts";
import { ERROR } from "./windows_calls.ts";

/** The error for reason `reason` (of GetLastError) of `call` on `what`. */
export function windowsError(call: string, what: string, reason: number): OuroborosError {
  const failed = `${call} ${what} failed`;
  switch (reason) {
    case ERROR.FILE_NOT_FOUND:
    case ERROR.PATH_NOT_FOUND:
      return new SegmentNotFoundError(`${failed}: not found`);
    case ERROR.FILE_EXISTS:
    case ERROR.ALREADY_EXISTS:
      return new SegmentExistsError(`${failed}: exists already`);
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
