/**
 * Segments and files of Linux that get their name when they are complete (O_TMPFILE, linkat). One that
 * is not finished has no name: nothing is left of it when its process is killed.
 *
 * @module
 */

import { constants, openSync } from "node:fs";
import os from "node:os";
import { dirname } from "node:path";
import { cString } from "../posix/strings.ts";
import type { Driver, SymbolTable } from "../drivers/native.ts";
import type { Nameless } from "../system.ts";
import { systemError } from "../system_error.ts";

// The function of libc takes any arguments after the flags; here they go where those of a plain one go.
const CALLS = {
  open: { parameters: ["bytes", "i32", "i32"], result: "i32" },
  linkat: { parameters: ["i32", "bytes", "i32", "bytes", "i32"], result: "i32" },
  rename: { parameters: ["bytes", "bytes"], result: "i32" },
  unlink: { parameters: ["bytes"], result: "i32" },
} as const satisfies SymbolTable;

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
const O_CLOEXEC = 0o2000000;
/** Without O_DIRECTORY, which has another number on each CPU, it would be an error. */
const O_TMPFILE = 0o20000000 | (constants.O_DIRECTORY ?? 0);
const FLAGS = O_TMPFILE | constants.O_RDWR;
const FOLDER = "/dev/shm";

const { errno: ERRNO } = os.constants;

/** What has no name yet, made by the libc of that name. */
export function linuxNameless(native: Driver, libc: string, errno: () => number): Nameless {
  const { open, linkat, rename, unlink } = native.open(libc, CALLS);
  const folder = cString(FOLDER);

  function name(descriptor: number, path: string, what: string): boolean {
    const from = cString(`/proc/self/fd/${descriptor}`);
    // Other than a renaming it never replaces what is there.
    const result = linkat(AT_FDCWD, from, AT_FDCWD, cString(path), AT_SYMLINK_FOLLOW);
    const reason = errno();
    if (result === 0) return true;
    if (reason === ERRNO.EEXIST) throw systemError("creating", what, reason);
    // There is no /proc, or it is not to be used: what is wrong with the path is found without it.
    return false;
  }

  /** A link can't replace what is there, and a renaming can: so it has another name for a moment. */
  function takeName(descriptor: number, path: string, what: string): boolean {
    const between = `${path}~${crypto.randomUUID().slice(0, 8)}`;
    if (!name(descriptor, between, what)) return false;
    if (rename(cString(between), cString(path)) === 0) return true;
    unlink(cString(between));
    return false;
  }

  const give = (descriptor: number, path: string, what: string, takesAway: boolean): boolean =>
    takesAway ? takeName(descriptor, path, what) : name(descriptor, path, what);

  return {
    createShared(mode) {
      const descriptor = open(folder, FLAGS | O_CLOEXEC, mode);
      return descriptor < 0 ? undefined : descriptor;
    },
    createFile(path, mode) {
      try {
        // Not by the function above: a runtime may have its own word on what is written to.
        return openSync(dirname(path), FLAGS, mode);
      } catch {
        // The file system has no such files, or we may not: a caller that tries the path itself finds out.
        return undefined;
      }
    },
    nameShared: (descriptor, segment, takesAway) =>
      give(descriptor, FOLDER + segment, `"${segment}"`, takesAway),
    nameFile: (descriptor, path, takesAway) => give(descriptor, path, `file "${path}"`, takesAway),
  };
}
