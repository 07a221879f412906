/**
 * How a command ends without success: by a code, or by an error in words.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { SharedMemory } from "../../../ffi/mod.ts";
import { nearest } from "../../base/options.ts";
import { OuroborosError, SegmentExistsError, SegmentNotFoundError } from "../../errors.ts";

/** Ends the command with an exit code. The message was printed before. */
export class ExitError extends Error {
  /** The exit code. */
  readonly exitCode: number;

  /** Makes the end with this code. */
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** One line for what the world did to us; for a mistake of our own, where it happened, too. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof OuroborosError || error instanceof RangeError ||
    "code" in error;
  if (!isExpected) return error.stack ?? error.message;
  if (error instanceof SegmentNotFoundError) return error.message + nextStep(error);
  if (error instanceof SegmentExistsError) {
    return error.message.replace(/ifExists: "(\w+)" or "(\w+)"/, "--if-exists $1, or $2")
      .replaceAll(/ifExists: "(\w+)"/g, "--if-exists $1");
  }
  return error instanceof OuroborosError ? error.message : ofFile(error as FileError);
}

/** What functions of `node:fs` throw. */
type FileError = Error & { code?: string; path?: string; syscall?: string };

/** What the system says of a file, in plain words where it does not say them itself. */
function ofFile(error: FileError): string {
  const { code, path, syscall, message } = error;
  if (path === undefined) return message;
  if (code === "EISDIR") return `"${path}" is a folder: name a file in it`;
  if (code === "EEXIST" && syscall === "mkdir") {
    return `"${path}" is not a folder, and one is needed: choose another path`;
  }
  if (code === "ENOTDIR") {
    return `a part of "${path}" is a file, and no folder: choose another path`;
  }
  if (code === "EACCES") return `"${path}" is not permitted to this user: choose another path`;
  if (code !== "ENOENT") return message;
  const folder = dirname(path);
  return existsSync(folder) ? `no file "${path}"` : `no folder "${folder}": make it first`;
}

/** What to do where there is no log. */
function nextStep({ message }: SegmentNotFoundError): string {
  if (message.startsWith("no file ")) return "; a log in shared memory has a name like /app";
  const [, name] = /^no log named "(.*)"$/s.exec(message) ?? [];
  if (name === undefined) return "";
  const path = name.slice(1);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) return `; for the logs in the folder ${path}: '${path}/*'`;
  // Commands that change logs take no file without a slash in its name.
  if (there?.isFile()) return `; for the file: ./${path}`;
  // Without its folder, a file is looked for where the command runs.
  const file = /\.(?:log|txt|json|jsonl|ndjson|gz|zst)$/.test(path)
    ? `, and no file "./${path}"`
    : "";
  const near = nearest(name, listed());
  const question = near === undefined ? "" : ` did you mean "${near}"?`;
  return `${file};${question} "ouroboros list" shows those that exist`;
}

function listed(): string[] {
  try {
    return SharedMemory.list();
  } catch {
    return [];
  }
}
