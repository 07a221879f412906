/**
 * What programs have left that are gone: logs, and what was to become a log, or a file.
 *
 * @module
 */

import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";
import { formatSize } from "../../base/sizes.ts";
import { TEMPORARY_NAME, temporaryFolders } from "../files/temporary_folder.ts";
import { type ListedLog, lookAtAll } from "../list.ts";
import { oneLine } from "../output/harmless.ts";
import type { Finding } from "./finding.ts";

/** How old something is that nobody finishes any more, in milliseconds. */
const OLD = 600_000;
/** How many names are printed. */
const SHOWN = 3;

const UUID = "[\\da-f]{8}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{12}";
/** Drafts of files, which are beside the files: of `save`, `watch` and `--state`. */
const DRAFT = new RegExp(`^\\..+\\.${UUID}\\.partial$|.\\.${UUID}\\.tmp$`, "s");
/** Names that a segment has for a moment: one that takes the place of another, and ours. */
const PASSING = /.~[\da-f]{8}$|^ouroboros-doctor-\d+-[\da-f]{8}$/s;

/** The logs of this machine. */
export function logsHere(): Finding {
  return logsFinding(lookAtAll(SharedMemory.list()));
}

/** What is found of logs. */
export function logsFinding(logs: readonly ListedLog[]): Finding {
  const sum = (some: readonly ListedLog[]) => some.reduce((all, { size = 0 }) => all + size, 0);
  const alive = logs.filter(({ writerAlive }) => writerAlive === true);
  const dead = logs.filter(({ writerAlive }) => writerAlive === false);
  const unknown = logs.filter(({ error }) => error !== undefined);
  const isDamaged = unknown.some(({ error }) => error?.startsWith("CORRUPT"));
  const names = unknown.map(({ name, error }) => `${name} (${error})`);
  return {
    check: "logs",
    status: unknown.length > 0 ? "warning" : "ok",
    found: `${alive.length} with a writer (${formatSize(sum(alive))}), ` +
      `${dead.length} without (${formatSize(sum(dead))})` +
      (unknown.length === 0 ? "" : `; ${unknown.length} can't be read: ${list(names)}`),
    ...unknown.length > 0
      ? {
        todo: isDamaged
          ? "ouroboros verify NAME says what is damaged"
          : "ask their users, or run this as one who may read them",
      }
      : dead.length > 0 && {
        todo: 'those that nobody needs: ouroboros remove --dead --older-than 7d "/*"',
      },
    values: {
      alive: alive.length,
      dead: dead.map(({ name }) => name),
      deadSize: sum(dead),
      unreadable: unknown.map(({ name, error }) => ({ name, error })),
    },
  };
}

/** Temporary files of this user that no program finishes any more. */
export function temporaryFiles(folders: readonly string[], now: number = Date.now()): Finding {
  const found = [
    ...SharedMemory.persists && process.platform === "linux"
      ? itemsIn(
        "/dev/shm",
        now,
        (name, size) => PASSING.test(name) || size === 0 && !name.startsWith("sem."),
      )
      : [],
    ...temporaryFolders().flatMap((folder) =>
      itemsIn(folder, now, (name) => TEMPORARY_NAME.test(name))
    ),
    ...folders.flatMap((folder) => itemsIn(folder, now, (name) => DRAFT.test(name))),
  ];
  return {
    check: "temporary files",
    status: found.length > 0 ? "warning" : "ok",
    found: found.length === 0 ? "nothing left behind" : `left behind: ${list(found)}`,
    ...found.length > 0 && { todo: "remove them" },
    values: { paths: found },
  };
}

/** Old files, and folders, of this user in a folder. */
function itemsIn(
  folder: string,
  now: number,
  isOne: (name: string, size: number) => boolean,
): string[] {
  const user = process.geteuid?.();
  return namesIn(folder).map((name) => ({ name, path: join(folder, name) })).filter(
    ({ name, path }) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found !== undefined && (user === undefined || found.uid === user) &&
        !found.isSymbolicLink() && now - found.mtimeMs > OLD &&
        isOne(name, found.isFile() ? found.size : NaN);
    },
  ).map(({ path }) => path);
}

/** What is in a folder, as far as this user may look: whether they may is another check. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function list(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).map(oneLine).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
