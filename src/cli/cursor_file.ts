/**
 * A place in a log, kept in a file.
 *
 * @module
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { checkCursor, type Cursor } from "../shm_log/cursor.ts";

/** How often the place is written at most, in milliseconds. */
const INTERVAL = 1000;

/** Remembers where a reader was. */
export class CursorFile {
  readonly #path: string;
  #kept = "";
  #written = 0;

  /** The file at `path`, which need not be there. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What was remembered, if anything.
   *
   * @throws {RangeError} if the file holds something else: whoever goes on regardless loses the place
   */
  read(): Cursor | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      const cursor: unknown = JSON.parse(text);
      checkCursor(cursor);
      return cursor;
    } catch (error) {
      throw new RangeError(`"${this.#path}" is no cursor file: ${(error as Error).message}`);
    }
  }

  /** Remembers a place: now and then, or at once. A crash leaves the place before, or this one. */
  write(cursor: Cursor, isUrgent: boolean): void {
    const now = performance.now();
    if (!isUrgent && now - this.#written < INTERVAL) return;
    const text = `${JSON.stringify(cursor)}\n`;
    this.#written = now;
    if (text === this.#kept) return;
    writeFileSync(`${this.#path}.partial`, text, { mode: 0o600 });
    renameSync(`${this.#path}.partial`, this.#path);
    this.#kept = text;
  }
}
