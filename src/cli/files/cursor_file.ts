/**
 * A file that remembers how far a log was printed.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { checkCursor, type Cursor } from "../../log/native/cursor.ts";
import { replaceFile } from "./replace_file.ts";

/** Keeps a cursor in a file, which holds the one before or the new one at every moment. */
export class CursorFile {
  readonly #path: string;
  #saved = "";

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /**
   * The cursor in the file; `undefined` if there is no file.
   *
   * @throws {RangeError} if there is something else in it, or in its place
   */
  load(): Cursor | undefined {
    let text: string;
    try {
      // A device may have no end, and would not be one any more after the first cursor.
      if (!statSync(this.#path).isFile()) {
        throw new RangeError(`cursor file ${this.#path} is not a file`);
      }
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return parseCursor(text);
    } catch (error) {
      const reason = (error as Error).message;
      throw new RangeError(
        `cursor file ${this.#path} is damaged (${reason}): remove it to start anew`,
        { cause: error },
      );
    }
  }

  /**
   * Puts a cursor into the file. It survives the death of this process, not that of the machine, for
   * which the log itself would have to survive it.
   */
  save(cursor: Cursor): void {
    const text = `${JSON.stringify(cursor)}\n`;
    if (text === this.#saved) return;
    replaceFile(this.#path, text);
    this.#saved = text;
  }
}

/**
 * A cursor out of JSON.
 *
 * @throws {SyntaxError} if it is no JSON
 * @throws {TypeError} if it is no cursor
 */
export function parseCursor(text: string): Cursor {
  const { device, inode, created, sequenceNumber } = JSON.parse(text) ?? {};
  const cursor = { device, inode, created, sequenceNumber };
  checkCursor(cursor);
  return cursor;
}
