/**
 * The folder that incidents are saved into: names, and the newest files only.
 *
 * @module
 */

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { SegmentExistsError, SystemCallError } from "../errors.ts";
import { hasMagic } from "../log/native/look.ts";
import type { Incident } from "./incidents.ts";

/** How many files of one name and moment there may be. */
const MOST_ALIKE = 100;

/** What stands in names: no sign that a shell, or Windows, has a meaning for. */
function harmless(word: string): string {
  return word.replace(/[^\w.-]/g, "_").replace(/^[-.]+/, "") || "log";
}

/**
 * Makes a folder, if it does not exist.
 *
 * @throws {SystemCallError} if that can't be done, or no file can be made in it
 */
export function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // On Deno the permissions of a read-only file system say that anybody may write.
    rmdirSync(mkdtempSync(join(path, ".ouroboros-")));
  } catch (error) {
    const { message, errno } = error as NodeJS.ErrnoException;
    throw new SystemCallError(
      `no file can be made in folder "${path}": ${message}`,
      Math.abs(errno ?? 0),
    );
  }
}

/** The files of one recorder: `NAME-20261130T120000.000Z-error.log`. */
export class IncidentFolder {
  readonly #folder: string;
  readonly #name: string;
  readonly #keep: number;
  readonly #own: RegExp;

  /** Looks at nothing yet. */
  constructor(folder: string, name: string, keep: number) {
    this.#folder = resolve(folder);
    this.#name = harmless(name);
    this.#keep = keep;
    const quoted = this.#name.replaceAll(".", "\\.");
    this.#own = new RegExp(`^${quoted}-(\\d{8}T\\d{6}\\.\\d{3}Z)-\\w[\\w.-]*?(?:-(\\d+))?\\.log$`);
  }

  /**
   * Gives `save` the path for an incident: another one, if the first one is taken. The folder is made
   * if it does not exist; files beyond those to keep are removed, the oldest first.
   */
  async save<T>(incident: Incident, save: (path: string) => Promise<T>): Promise<T> {
    prepareFolder(this.#folder);
    for (let number = 1;; number++) {
      const path = this.#path(incident, number);
      try {
        const saved = await save(path);
        this.#prune();
        return saved;
      } catch (error) {
        if (!(error instanceof SegmentExistsError) || number === MOST_ALIKE) throw error;
      }
    }
  }

  /** The same at once. What another save of this incident has left unfinished is removed. */
  saveSync<T>(incident: Incident, save: (path: string) => T): T {
    prepareFolder(this.#folder);
    for (let number = 1;; number++) {
      const path = this.#path(incident, number);
      try {
        const saved = save(path);
        this.#removeUnfinished(path);
        this.#prune();
        return saved;
      } catch (error) {
        if (!(error instanceof SegmentExistsError) || number === MOST_ALIKE) throw error;
      }
    }
  }

  #path({ reason, time }: Incident, number: number): string {
    const moment = new Date(time).toISOString().replace(/[-:]/g, "");
    const more = number === 1 ? "" : `-${number}`;
    return join(this.#folder, `${this.#name}-${moment}-${harmless(reason)}${more}.log`);
  }

  #removeUnfinished(path: string): void {
    const start = `.${basename(path)}.`;
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(start) || !name.endsWith(".partial")) continue;
      try {
        unlinkSync(join(this.#folder, name));
      } catch {
        // It is gone, or that save has it open on Windows, and removes it itself.
      }
    }
  }

  /** Removes the oldest files of this name. What is not a log of ours stays. */
  #prune(): void {
    const own = readdirSync(this.#folder)
      .map((name) => ({ name, match: this.#own.exec(name) }))
      .filter(({ match }) => match !== null)
      .map(({ name, match }) => ({ name, time: match![1], number: Number(match![2] ?? 1) }))
      .sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : a.number - b.number)
      .filter(({ name }) => isOurs(join(this.#folder, name)));
    for (const { name } of own.slice(0, Math.max(0, own.length - this.#keep))) {
      try {
        unlinkSync(join(this.#folder, name));
      } catch {
        // Another process was faster, or has it open on Windows.
      }
    }
  }
}

/** Whether it is a file of this user with a log in it. */
function isOurs(path: string): boolean {
  try {
    const found = lstatSync(path);
    const user = process.getuid?.();
    return found.isFile() && (user === undefined || found.uid === user) && hasMagic({ path });
  } catch {
    return false;
  }
}
