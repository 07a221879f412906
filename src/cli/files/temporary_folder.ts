/**
 * A folder for what a command makes and needs no more when it ends.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { oneLine } from "../output/harmless.ts";
import { warn } from "../output/warn.ts";

/** How such folders are called, which a killed command leaves behind. */
export const TEMPORARY_NAME: RegExp = /^ouroboros-copy-\w{6}$/;
/** The one folder that a container with a read-only file system can still write to. */
const SHARED_MEMORY = process.platform === "linux" ? ["/dev/shm"] : [];

/** Where they may be. */
export function temporaryFolders(): string[] {
  return [tmpdir(), ...SHARED_MEMORY];
}

/**
 * Gives `work` a folder, and removes it after that. If that fails, a warning says so.
 *
 * @throws {Error} with the system's `code`, if none can be made
 */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = make();
  try {
    return await work(folder);
  } finally {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      // What was made is whole, and what failed is not to be hidden by this.
      warn(`${oneLine(folder)} can't be removed, and is not needed: ${(error as Error).message}`);
    }
  }
}

function make(): string {
  let first: NodeJS.ErrnoException | undefined;
  for (const place of temporaryFolders()) {
    try {
      return mkdtempSync(join(place, "ouroboros-copy-"));
    } catch (error) {
      first ??= error as NodeJS.ErrnoException;
    }
  }
  const message = `no temporary file can be made in ${tmpdir()}: TMPDIR=/PATH is another folder`;
  throw Object.assign(new Error(message, { cause: first }), { code: first?.code ?? "EACCES" });
}
