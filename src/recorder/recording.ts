/**
 * What `register` starts: everything that a program prints, and how it ends, in a log.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { captureConsole, isConsolePrinting } from "../sinks/console.ts";
import { withoutWarnings } from "../sinks/console_text.ts";
import { EntrySink } from "../sinks/entry_sink.ts";
import { isWorkerThread } from "../../ffi/drivers/runtime.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { saveLogSync } from "../log/native/save.ts";
import { targetOf } from "../log/native/target.ts";
import { isAtLeast, type LogLevel, toLevel } from "../records/level.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { CriLines, type EntryTarget } from "./cri_lines.ts";
import { errorCodes } from "../sinks/error_fields.ts";
import { onProcessExit } from "../sinks/exit_entry.ts";
import { leaveToRuntime, othersHandleRejections, OURS } from "../sinks/uncaught.ts";
import { listenToOutput } from "./raw_output.ts";
import { followThreads } from "./threads.ts";

/** What is recorded of this thread. */
export interface Recording {
  /** The name of the log, or its path; undefined if nothing is recorded. */
  readonly log: string | undefined;
  /** Why nothing is recorded, if that is so. */
  readonly error: unknown;
}

/** What the environment says. */
interface Settings {
  target: string;
  size: string | undefined;
  level: LogLevel | undefined;
  vitals: string | undefined;
  watchdog: string | undefined;
  save: string | undefined;
}

/** The `logger` of entries that are not the program's. */
const LOGGER = "ouroboros.register";
const decoder = new TextDecoder();

/** Starts to record this thread. `url` is that of the module that does so. Never throws, never prints. */
export function startRecording(url: string): Recording {
  let writer: ShmLogWriter | undefined;
  try {
    const { target, size, ...settings } = readSettings();
    if (target === "") return { log: undefined, error: undefined };
    // What it starts is recorded beside it, whatever its name.
    process.env.OUROBOROS_LOG = target;
    writer = withoutWarnings(() => ShmLogWriter.create(targetOf(target), { size }));
    new ThreadRecorder(writer, settings);
    followThreads(url);
    return { log: writer.name, error: undefined };
  } catch (error) {
    return { log: writer?.name, error };
  }
}

/** Reads the environment, unless that asks a person for permission. */
function readSettings(): Settings {
  needPermissions();
  const { OUROBOROS_LOG, OUROBOROS_SIZE, OUROBOROS_LEVEL, OUROBOROS_SAVE, ...more } = process.env;
  const level = OUROBOROS_LEVEL ? toLevel(OUROBOROS_LEVEL) : undefined;
  if (OUROBOROS_LEVEL && level === undefined) {
    throw new RangeError(
      `OUROBOROS_LEVEL is "${OUROBOROS_LEVEL}": it must be a level, like "info"`,
    );
  }
  return {
    target: OUROBOROS_LOG ?? `/${programName()}.{slot}`,
    size: OUROBOROS_SIZE || undefined,
    level,
    vitals: more.OUROBOROS_VITALS || undefined,
    watchdog: more.OUROBOROS_WATCHDOG || undefined,
    save: OUROBOROS_SAVE && mayWrite() ? OUROBOROS_SAVE : undefined,
  };
}

/** The name of the program, as a name of a log. */
function programName(): string {
  const name = basename(process.argv[1] ?? "").replace(/\.\w+$/, "").replace(/[^\w.-]/g, "_");
  return name || "app";
}

interface DenoPermissions {
  Deno?: { permissions: { querySync(of: { name: string; variable?: string }): { state: string } } };
}

/** On Deno, what is not allowed is asked at the terminal; an application that did not ask must not. */
function needPermissions(): void {
  const { Deno: deno } = globalThis as DenoPermissions;
  if (deno === undefined) return;
  const needed = [
    { name: "ffi" },
    ...["LOG", "SIZE", "LEVEL", "VITALS", "WATCHDOG", "SAVE"].map((of) => ({
      name: "env",
      variable: `OUROBOROS_${of}`,
    })),
  ];
  for (const permission of needed) {
    if (deno.permissions.querySync(permission).state === "granted") continue;
    throw new Error(`recording needs permission: run deno with --allow-${permission.name}`);
  }
}

/** Whether files may be made without a question. */
function mayWrite(): boolean {
  const { Deno: deno } = globalThis as DenoPermissions;
  const isGranted = (name: string) => deno?.permissions.querySync({ name }).state === "granted";
  return deno === undefined || (isGranted("read") && isGranted("write"));
}

/** Records one thread. */
class ThreadRecorder {
  readonly #writer: ShmLogWriter;
  readonly #sink: EntrySink;
  readonly #level: LogLevel | undefined;
  readonly #lines: CriLines[] = [];
  readonly #save: string | undefined;

  constructor(
    writer: ShmLogWriter,
    { level, vitals, watchdog, save }: Omit<Settings, "target" | "size">,
  ) {
    this.#writer = writer;
    this.#level = level;
    this.#save = save;
    // What goes wrong here must not reach the program.
    const shared = { writer, onError: () => {} };
    this.#sink = new EntrySink({ ...shared, vitals, watchdog });
    this.#say("info", `${runtime()} ${process.argv[1] ?? ""}`.trim(), {
      pid: process.pid,
      ppid: process.ppid,
      ...isWorkerThread() && { isWorker: true },
    });
    captureConsole({
      ...shared,
      format: ({ time, level, method, text }) => {
        // Node prints warnings by this; they are recorded as what they are.
        if (method === "error" && text.startsWith(`(node:${process.pid}) `)) return undefined;
        if (this.#level !== undefined && !isAtLeast(level, this.#level)) return undefined;
        return JSON.stringify({ time: new Date(time).toISOString(), level, msg: text });
      },
    });
    const target = entryTarget(writer, level);
    listenToOutput({
      isIgnored: isConsolePrinting,
      take: (descriptor, bytes) => {
        this.#lines[descriptor] ??= new CriLines(target, descriptor === 1 ? "stdout" : "stderr");
        this.#lines[descriptor].push(bytes);
      },
    });
    this.#listen();
  }

  /** Listens to what the runtime says of the process. */
  #listen(): void {
    process.on("uncaughtExceptionMonitor", (error) => this.#sayError(error));
    process.on("warning", (warning) => {
      const { name, message } = warning;
      const { code } = warning as { code?: string };
      this.#say("warn", `${name}: ${message}`, code === undefined ? {} : { code });
    });
    // Bun has no monitor for rejections.
    if ("Bun" in globalThis) this.#listenToRejections();
    onProcessExit((exitCode) => this.#end(exitCode));
  }

  /** Records a rejection; if nobody else listens, it is left to the runtime by another one, without us. */
  #listenToRejections(): void {
    const listener = Object.assign((reason: unknown) => {
      this.#sayError(reason);
      if (othersHandleRejections()) return;
      leaveToRuntime(reason, listener);
    }, { [OURS]: true });
    process.on("unhandledRejection", listener);
  }

  /** Writes an entry of our own. */
  #say(level: LogLevel, msg: string, fields: object): void {
    const time = new Date().toISOString();
    this.#sink.writeMade(() => JSON.stringify({ time, level, logger: LOGGER, msg, ...fields }));
  }

  #sayError(error: unknown): void {
    const err = errorCodes(error);
    const isHandled = process.listenerCount("uncaughtException") > 0;
    this.#say(isHandled ? "error" : "fatal", `uncaught ${err.type}: ${err.message}`, { err });
    // Deno does not report the end that comes of it.
    if (!isHandled && "Deno" in globalThis) this.#saveLog();
  }

  /** Saves the log of a crash, if that is asked for. */
  #saveLog(): void {
    if (this.#save === undefined) return;
    try {
      mkdirSync(this.#save, { recursive: true, mode: 0o700 });
      const time = new Date().toISOString().replace(/\.\d+|[-:]/g, "");
      const file = `${programName()}-${time}-${basename(this.#writer.name)}-${process.pid}.log`;
      saveLogSync(targetOf(this.#writer.name), join(this.#save, file), {
        compact: true,
        force: true,
      });
    } catch {
      // A full disk is no reason to end in another way.
    }
  }

  #end(exitCode: number): void {
    for (const lines of this.#lines) lines?.end();
    this.#say(exitCode === 0 ? "info" : "error", `exit code ${exitCode}`, {
      exitCode,
      uptimeMs: Math.round(performance.now()),
    });
    if (exitCode !== 0) this.#saveLog();
    // The lock is the process's, which lives on: the next worker is to have this log.
    if (isWorkerThread()) this.#writer.close();
  }
}

/** Writes lines that are at least of a level, and all whose level is not known. */
function entryTarget(writer: ShmLogWriter, least: LogLevel | undefined): EntryTarget {
  return {
    maxEntrySize: Math.min(writer.chunkSize, writer.maxEntrySize),
    write(entry: Uint8Array): void {
      if (least !== undefined) {
        const level = recognizeRecord(decoder.decode(entry))?.level;
        if (level !== undefined && !isAtLeast(level, least)) return;
      }
      writer.write(entry);
    },
  };
}

function runtime(): string {
  const { deno, bun, node } = process.versions;
  return deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;
}
