/**
 * A log that is saved when something goes wrong: what led to it, and what came after.
 *
 * ```ts
 * import { pino } from "pino";
 * import { shmDestination } from "@ouroboros/log/pino";
 * import { createRecorder } from "@ouroboros/log/recorder";
 *
 * using recorder = createRecorder({
 *   target: "/doc-recorder-module",
 *   dir: "crashes",
 *   saveOn: ["error", "uncaught"],
 *   unlinkOnClose: true,
 * });
 * pino(shmDestination({ writer: recorder })).info("service started");
 * console.log(recorder.counts.saved); // 0
 * ```
 *
 * The guide [After a crash](src/guides/crashes.md) has what is saved when, and `ouroboros watch`, which does
 * the same from outside.
 *
 * @module
 */

import process from "node:process";
import { letsSignalsEnd } from "../../ffi/process_end.ts";
import { checkOptions } from "../base/options.ts";
import { parseDuration } from "../base/durations.ts";
import { type SavedLog, saveLog, saveLogSync } from "../log/native/save.ts";
import { targetOf } from "../log/native/target.ts";
import type { Writer } from "../log/writer.ts";
import { LEVELS, type LogLevel } from "../records/level.ts";
import { EntrySink, type SinkCounts } from "../sinks/entry_sink.ts";
import { type EntryWriter, sinkChecks } from "../sinks/sink_options.ts";
import { type Ending, onEnding } from "../sinks/exit_entry.ts";
import { onUncaughtError, type UncaughtError } from "../sinks/uncaught.ts";
import { unref } from "../sinks/vitals.ts";
import { parseEntryCondition } from "./conditions.ts";
import { EntryWatch } from "./entry_watch.ts";
import { IncidentFolder } from "./incident_folder.ts";
import { type Incident, type IncidentCounts, Incidents } from "./incidents.ts";
import { recorderChecks, type RecorderOptions, type RecorderTrigger } from "./recorder_options.ts";

export type { IncidentCounts } from "./incidents.ts";
export type { RecorderOptions, RecorderTrigger } from "./recorder_options.ts";
export type { SinkCounts } from "../sinks/entry_sink.ts";
export type { EntrySinkOptions, EntryWriter } from "../sinks/sink_options.ts";
export type { LogTarget } from "../log/native/target.ts";
export type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
export type { LogLevel } from "../records/level.ts";

/** The `logger` of its own entries. */
const LOGGER = "ouroboros.recorder";
/** What the log of a recorder takes that could not be opened yet, in bytes. */
const USUAL_ENTRY = 65536;

/**
 * What a recorder has done. `written`, `truncated` and `split` count its own lines; those of a sink or a logger
 * that writes to it are in the counts of that.
 */
export interface RecorderCounts extends SinkCounts, IncidentCounts {}

/**
 * A log that is saved when something goes wrong. It is a writer for all sinks and for the logger.
 *
 * Nothing of this is in the logging call: what was written is looked at four times a second.
 *
 * @example Saving at a moment of your own
 * ```ts
 * import { rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { createRecorder } from "@ouroboros/log/recorder";
 *
 * const dir = `${tmpdir()}/doc-recorder-save-${process.pid}`;
 * using recorder = createRecorder({ target: "/doc-recorder-save", dir, unlinkOnClose: true });
 * recorder.write('{"level":30,"msg":"the queue is full"}');
 * await recorder.save("queue-full");
 * console.log(recorder.counts.saved); // 1
 * rmSync(dir, { recursive: true });
 * ```
 */
export class Recorder implements EntryWriter, Disposable {
  readonly #sink: EntrySink;
  readonly #last: number;
  readonly #incidents: Incidents;
  readonly #folder: (log: string) => IncidentFolder;
  readonly #watch: EntryWatch;
  readonly #forget: (() => void)[] = [];
  /** Stops what is being saved, for it was saved at once. */
  #stopSaving = new AbortController();
  #hasEnded = false;
  #isClosed = false;

  /** Opens the log. {@linkcode createRecorder} says what is thrown. */
  constructor(options: RecorderOptions) {
    checkOptions("createRecorder()", options as object, { ...sinkChecks, ...recorderChecks });
    const {
      dir,
      saveOn = ["error", "uncaught", "exit"],
      last = "30s",
      after = "2s",
      keep = 10,
      minInterval = "30s",
      ...sinkOptions
    } = options;
    for (const name of ["target", "dir"] as const) {
      if (options[name] === undefined) {
        throw new TypeError(`createRecorder() needs a ${name}: { target: "/app", dir: "crashes" }`);
      }
    }
    const savesUncaught = saveOn.includes("uncaught");
    const { handleSignals = false } = options;
    // Before the log is opened, which may be closed, and removed, by the same.
    this.#forget.push(onEnding((ending) => this.#onEnding(ending, saveOn), handleSignals));
    try {
      this.#sink = new EntrySink(
        { uncaughtException: savesUncaught, ...sinkOptions },
        uncaughtLine,
      );
    } catch (error) {
      this.#forgetAll();
      throw error;
    }
    this.#last = parseDuration(last)!;
    let folder: { log: string; files: IncidentFolder } | undefined;
    this.#folder = (log) => {
      if (folder?.log !== log) {
        const name = log.slice(Math.max(log.lastIndexOf("/"), log.lastIndexOf("\\")) + 1);
        folder = { log, files: new IncidentFolder(dir, name, keep) };
      }
      return folder.files;
    };
    this.#incidents = new Incidents({
      after: parseDuration(after)!,
      minInterval: parseDuration(minInterval)!,
      save: async (incident) => void await this.#save(incident),
      unref,
    });
    const conditions = saveOn.flatMap((word) =>
      LEVELS.includes(word as LogLevel) && parseEntryCondition(word) || []
    );
    this.#watch = new EntryWatch(
      this.#sink,
      conditions,
      (trigger) => this.#incidents.trigger(trigger),
    );
    // Not before it is there: what `onError` does then may end the process.
    this.#watch.start();
    this.#listen(saveOn, savesUncaught, handleSignals);
  }

  /** What happened to lines, and to reasons to save, so far. */
  get counts(): RecorderCounts {
    return { ...this.#sink.counts, ...this.#incidents.counts };
  }

  /** The name of the log, or its path; undefined while it can't be opened. */
  get name(): string | undefined {
    return (this.#sink.writer as { name?: string } | undefined)?.name;
  }

  /** The size of the largest entry in bytes. */
  get maxEntrySize(): number {
    return this.#sink.writer?.maxEntrySize ?? USUAL_ENTRY;
  }

  /** The size of a chunk of the log in bytes. */
  get chunkSize(): number {
    return this.#sink.writer?.chunkSize ?? USUAL_ENTRY;
  }

  /**
   * What makes lines in place.
   *
   * @internal
   */
  get lender(): Writer | undefined {
    return this.#sink.lender;
  }

  /**
   * Writes one entry. While the log can't be opened it is dropped and counted.
   *
   * @returns its sequence number, or 0 if it was dropped
   */
  write(data: Uint8Array | string): number {
    const { writer } = this.#sink;
    if (writer !== undefined && !this.#isClosed) return writer.write(data);
    return this.#sink.write(data as string) ? 1 : 0;
  }

  /** Writes several entries that become visible at once. */
  writeMany(entries: readonly (Uint8Array | string)[]): number {
    const { writer } = this.#sink;
    if (writer !== undefined && !this.#isClosed) return writer.writeMany(entries);
    let written = 0;
    for (const entry of entries) written += this.write(entry);
    return written;
  }

  /** Writes a file's bytes to its disk; for shared memory there is nothing to do. */
  flush(): void {
    this.#sink.flush();
  }

  /**
   * Saves now, whatever the interval, and what waits to be saved with it. Does not reject: what goes wrong
   * is counted and goes to `onError`.
   *
   * @param reason what stands in the name of the file
   */
  async save(reason: string = "saved"): Promise<void> {
    // An error that was written before it, and not looked at yet, is in that file, and needs no other one.
    this.#watch.look();
    await this.#incidents.saveNow(reason);
  }

  /**
   * Resolves when all is saved that was a reason to save until now, without waiting for `after`. What waits for
   * the end of `minInterval` still does.
   */
  async settled(): Promise<void> {
    this.#watch.look();
    await this.#incidents.flush();
  }

  /** Saves what waits to be saved, and closes the log. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#saveLast(undefined);
    this.#isClosed = true;
    this.#forgetAll();
    this.#watch.close();
    this.#sink.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  #listen(
    saveOn: readonly RecorderTrigger[],
    savesUncaught: boolean,
    handleSignals: boolean,
  ): void {
    if (savesUncaught) {
      this.#forget.push(onUncaughtError(() => this.#onUncaught(), true));
    }
    for (const word of saveOn) {
      if (!word.startsWith("SIG")) continue;
      const save = () => void this.save(word);
      // Else it would keep the signal from ending the process, as listeners of the application do.
      const listener = handleSignals ? letsSignalsEnd(save) : save;
      try {
        process.on(word, listener);
        this.#forget.push(() => process.removeListener(word, listener));
      } catch (error) {
        // One that this system does not know must not end an application.
        this.#sink.report(error);
      }
    }
  }

  #forgetAll(): void {
    for (const forget of this.#forget) forget();
  }

  #onEnding(ending: Ending, saveOn: readonly RecorderTrigger[]): void {
    // What `onError` does may end the process before there is a log.
    if (this.#hasEnded || this.#sink === undefined) return;
    const { exitCode, signal } = ending;
    // It is a part of what is saved.
    this.#sink.end(ending);
    const isAsked = signal === undefined
      ? exitCode !== 0 && saveOn.includes("exit")
      : saveOn.includes(signal as RecorderTrigger);
    this.#saveLast(isAsked ? signal ?? "exit" : undefined);
    // The signal is raised again, and must find no listener of ours.
    if (signal !== undefined) this.#forgetAll();
  }

  #onUncaught(): void {
    if (process.listenerCount("uncaughtException") > 0) return void this.save("uncaught");
    // The process ends, and no timer will be called.
    this.#saveLast("uncaught");
    this.#hasEnded = true;
  }

  async #save(incident: Incident): Promise<SavedLog> {
    const { signal } = this.#stopSaving = new AbortController();
    try {
      const { log, options } = this.#part(incident);
      return await this.#folder(log).save(
        incident,
        (path) => saveLog(targetOf(log), path, { ...options, signal }),
      );
    } catch (error) {
      if (!signal.aborted) this.#sink.report(error);
      throw error;
    }
  }

  /** Saves what is not saved yet, in the last moment of the process. */
  #saveLast(reason: string | undefined): void {
    if (this.#isClosed) return;
    this.#watch.look();
    const incident = this.#incidents.takeLast(reason);
    if (incident === undefined) return;
    const { counts } = this.#incidents;
    try {
      const { log, options } = this.#part(incident);
      this.#folder(log).saveSync(incident, (path) => saveLogSync(targetOf(log), path, options));
      counts.saved++;
      this.#stopSaving.abort();
    } catch (error) {
      counts.failed++;
      this.#sink.report(error);
    }
  }

  /** What of which log is saved. */
  #part({ since }: Incident): { log: string; options: { since: number } } {
    const { name } = this;
    if (name === undefined) throw this.#sink.lastError;
    return { log: name, options: { since: since - this.#last } };
  }
}

function uncaughtLine({ time, type, message, fields, isHandled }: UncaughtError): string {
  return JSON.stringify({
    time: new Date(time).toISOString(),
    level: isHandled ? "error" : "fatal",
    logger: LOGGER,
    msg: `uncaught ${type}: ${message}`,
    err: fields,
  });
}

/**
 * Makes a log that is saved when something goes wrong, with what was logged before that and a moment after it.
 * It is the `writer` of any sink, and of the logger.
 *
 * Each file is a log, which all commands read: `ouroboros tail --all crashes/app-….log`. Records are looked at
 * four times a second, apart from the logging calls, which cost what they cost without a recorder. Uncaught
 * errors and the end of the process save at once.
 *
 * @throws {TypeError} if an option has the wrong type, or there is no `target` or `dir`
 * @throws {RangeError} if a size or a duration is not usable
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { readdirSync, rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { createLogger } from "@ouroboros/log/logger";
 * import { createRecorder } from "@ouroboros/log/recorder";
 *
 * const dir = `${tmpdir()}/doc-recorder-${process.pid}`;
 * using recorder = createRecorder({
 *   target: "/doc-recorder",
 *   size: "1MiB",
 *   saveOn: ["error", "uncaught", "SIGUSR2"],
 *   dir,
 *   unlinkOnClose: true,
 * });
 * const log = createLogger({ writer: recorder });
 * log.info("what led to it");
 * log.error("it");
 * await recorder.settled(); // a program need not wait
 * console.log(readdirSync(dir).length, recorder.counts.saved); // 1 1
 * rmSync(dir, { recursive: true });
 * ```
 */
export function createRecorder(options: RecorderOptions): Recorder {
  return new Recorder(options);
}
