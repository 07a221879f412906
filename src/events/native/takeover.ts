/**
 * How a process becomes the writer of an event log: its file is made or taken over, is ours, and is locked.
 *
 * @module
 */

import { MappedFile } from "../../../ffi/mod.ts";
import { takeOverFile } from "../../take_over.ts";

/**
 * Makes a file, which must not exist, for `work`; nothing is left of it if that fails. A process that finds it
 * finds what `format` has made of it.
 */
export function makeFile<T>(
  path: string,
  size: number,
  mode: number | undefined,
  format: (file: MappedFile) => void,
  work: (file: MappedFile) => T,
): T {
  const file = MappedFile.create(path, size, { mode, lock: true, prepare: format });
  try {
    return work(file);
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Opens a file for `work` that must be there, ours, and nobody's to write to. */
export function takeOver<T>(path: string, work: (file: MappedFile) => T): T {
  const what = `event log "${path}"`;
  return takeOverFile(
    path,
    what,
    `use one event log per process: path "${path}.{slot}"`,
    (file) => {
      // It may have been made by another program, or restored from a backup, and have holes.
      file.reserve();
      return work(file);
    },
  );
}
