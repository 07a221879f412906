/**
 * The logs of sinks: opened by target, and shared by all sinks of this process that have the same one.
 *
 * @module
 */

import { resolve } from "node:path";
import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { WriterLockedError } from "../errors.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { type LogTarget, placeOf } from "../log/native/target.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { hasSlot, openFirst } from "../slots.ts";
import { givenShape } from "./sink_options.ts";

/** The options that make the size of a log, and others that hold for all of its sinks, or for none. */
const SHAPE = ["size", "chunkCount", "chunkSize"] as const;
const OTHERS = ["ifExists", "mode", "handleSignals", "notify", "version"] as const;
/** What these are if they are not given. */
const DEFAULTS = { ifExists: "resume", mode: 0o600, handleSignals: false, notify: false };

/** Logs that are open, by the target that was asked for. */
const logs = new Map<string, SinkLog>();

/**
 * A log that one sink writes to, or several. A library that is configured again makes its new sink before
 * it closes the one before; and two libraries may log to the same place.
 */
export class SinkLog {
  /** What writes to it. */
  readonly writer: ShmLogWriter;
  readonly #target: string;
  readonly #options: ShmLogWriterOptions;
  #sinks = 0;
  #unlinks = false;

  private constructor(key: string, target: LogTarget, options: ShmLogWriterOptions) {
    this.writer = createLog(target, options);
    this.#target = key;
    this.#options = options;
  }

  /** Opens the log, or joins the sinks that have it open. */
  static open(target: LogTarget, options: ShmLogWriterOptions): SinkLog {
    const key = typeof target === "string"
      ? SharedMemory.normalizeName(target)
      : `file ${resolve(target.path)}`;
    // Each slot is a log of its own.
    const isShared = !hasSlot(key) && options.ifExists !== "fail";
    const there = isShared ? logs.get(key) : undefined;
    const log = there !== undefined && there.#isCurrent()
      ? there
      : new SinkLog(key, target, options);
    if (isShared) logs.set(key, log);
    log.#sinks++;
    log.#unlinks ||= options.unlinkOnClose === true;
    return log;
  }

  /** Whether other sinks write to it, too. */
  get isShared(): boolean {
    return this.#sinks > 1;
  }

  /** Which options of a sink that has joined the others are not those that the log was opened with. */
  ignored(target: LogTarget, options: ShmLogWriterOptions): string[] {
    const { chunkCount, chunkSize, version } = this.writer;
    const opened = this.#options;
    const had = { ...DEFAULTS, ...opened, version };
    const shape = givenShape(target, options) ?? { chunkCount, chunkSize, ...options };
    // On Windows chunks may be larger than was asked for.
    const isAsOpened = SHAPE.every((name) => options[name] === opened[name]);
    const isThatLarge = shape.chunkCount === chunkCount && shape.chunkSize === chunkSize;
    return [
      ...isAsOpened || isThatLarge ? [] : SHAPE.filter((name) => options[name] !== undefined),
      ...OTHERS.filter((name) => options[name] !== undefined && options[name] !== had[name]),
    ].map((name) => `${name}: ${shown(name, options[name])}`);
  }

  /** Ends writing of one sink; the last one closes the log. */
  close(): void {
    if (--this.#sinks > 0) return;
    if (logs.get(this.#target) === this) logs.delete(this.#target);
    this.writer.close({ unlink: this.#unlinks });
  }

  /** Whether what is written is in the log that the name leads to. */
  #isCurrent(): boolean {
    try {
      return !this.writer.isReplaced();
    } catch {
      // A later evaluation of the program has it.
      return false;
    }
  }
}

/**
 * Creates the log, or continues it. If another process writes to it, `NAME.1`, `NAME.2`, … take its place:
 * two processes with the same target is what clusters and workers have, and each must have its lines.
 */
function createLog(target: LogTarget, options: ShmLogWriterOptions): ShmLogWriter {
  const name = placeOf(target);
  const create = (name: string) =>
    ShmLogWriter.create(typeof target === "string" ? name : { path: name }, options);
  try {
    return create(name);
  } catch (error) {
    if (!(error instanceof WriterLockedError) || hasSlot(name)) throw error;
    const writer = openFirst(name, options.slots, (slot) => create(`${name}.${slot + 1}`));
    process.emitWarning(
      `log "${name}" has a living writer, so lines go to "${writer.name}". ` +
        `With the target "${name}.{slot}" each process has its own, without this warning`,
      "OuroborosWarning",
    );
    return writer;
  }
}

/** An option as one would write it. */
function shown(name: string, value: unknown): string {
  return name === "mode" ? `0o${Number(value).toString(8)}` : JSON.stringify(value);
}
