/**
 * A file that remembers how far a log was printed.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { checkCursor, type Cursor } from "../../log/native/cursor.ts";
import { checkIsFile, damaged, replaceFile } from "../../place_file.ts";

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
   * @throws {CorruptStateError} if there is something else in it, or in its place
   */
  load(): Cursor | undefined {
    const what = `state file ${this.#path}`;
    let text: string;
    try {
      // What is no file would be one after the first cursor.
      checkIsFile(what, statSync(this.#path));
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return parseCursor(text);
    } catch (error) {
      throw damaged(what, error);
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
