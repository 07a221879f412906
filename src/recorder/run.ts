/**
 * A program run and recorded: what it prints, and how it ends.
 *
 * @module
 */

import { basename, join } from "node:path";
import os from "node:os";
import process from "node:process";
import { system } from "../../ffi/current_system.ts";
import type { ProcessEnd } from "../../ffi/system.ts";
import { isReaderGone } from "../../ffi/system_error.ts";
import { delay } from "../async.ts";
import { type SavedLog, saveLog } from "../log/native/save.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { withoutIfExists } from "../log/native/takeover.ts";
import { type LogTarget, targetOf } from "../log/native/target.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { SystemCallError } from "../errors.ts";
import { checkEntrySize, CriLines, type EntryTarget } from "./cri_lines.ts";
import { type Ending, endingLine, exitCodeOf, isCrash } from "./ending.ts";
import { forwardSignals } from "./forward_signals.ts";
import { prepareFolder } from "./incident_folder.ts";
import { lastError } from "./last_error.ts";
import { oomKills } from "./oom_kills.ts";
import { Outlet } from "./outlet.ts";
import { startProgram } from "./program.ts";
import type { Source } from "./source.ts";
import { ProgramTerminal } from "./terminal.ts";

/** When a log is saved. */
export type SaveOn = "crash" | "always" | "never";

/** How to run a program. */
export interface RunOptions {
  /** The program and its arguments. */
  command: readonly string[];
  /** The log. */
  target: LogTarget;
  /** How the log is made. */
  log?: ShmLogWriterOptions;
  /** The folder to save the log into at the end; it is made if it does not exist. */
  save?: string;
  /** When to save it. Default `"crash"`. */
  saveOn?: SaveOn;
  /** Whether what the program prints is only recorded. */
  isQuiet?: boolean;
  /** Whether the program gets a terminal, where there can be one: see {@linkcode hasTerminals}. */
  hasTerminal?: boolean;
  /** Makes another text of that of a line, before it is recorded. */
  mask?: (text: string) => string;
  /** Called with what is wrong, while the program runs. */
  onWarning: (message: string) => void;
}

/** What came of it. */
export interface RunResult {
  /** How the program ended. */
  ending: Ending;
  /** The exit code that says the same. */
  exitCode: number;
  /** What was saved. */
  saved?: SavedLog;
  /** The last error that the program printed, if it crashed. */
  lastError?: string;
}

const ENDS: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"]);
/** As shells have it: there is no such program; it can't be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const INTERRUPTED = 130;
/** More than may be in a pipe, and on its way from there, when the program ends, in bytes. */
const MOST_IN_PIPE = 1 << 21;
/**
 * After how many looks, so many milliseconds apart, a read that gets nothing means that a pipe is empty. No
 * clock says so: on a busy machine this process may not run for longer than all of them take.
 */
const LOOKS = 10;
const INTERVAL = 20;

/**
 * Runs a program to its end. What prevents recording is a warning: the program runs in any case.
 */
export async function runProgram(options: RunOptions): Promise<RunResult> {
  const { command, onWarning, isQuiet, mask, save, saveOn = "crash" } = options;
  const log = openLog(options);
  if (save !== undefined && saveOn !== "never") warnOfFolder(save, onWarning);
  const entries: EntryTarget = log ?? { maxEntrySize: MOST_IN_PIPE, write() {} };
  const output = new CriLines(entries, "stdout", { mask });
  const errors = new CriLines(entries, "stderr", { mask });
  const start = performance.now();
  const killsBefore = oomKills();
  let isRequested = false;
  let isDraining = false;
  let pid = 0;
  let end: ProcessEnd | undefined;
  const terminal = options.hasTerminal ? openTerminal() : undefined;
  const stopSignals = forwardSignals(
    (signal) => {
      if (signal === "SIGWINCH" && terminal !== undefined) terminal.resize();
      else if (pid > 0 && end === undefined) process.kill(pid, signal);
    },
    (signal) => {
      isRequested ||= ENDS.has(signal);
      // Somebody does not take the last of the output.
      if (end !== undefined && isDraining && ENDS.has(signal)) process.exit(exitCodeOf(end));
    },
    terminal !== undefined,
  );
  let notStarted: string | undefined;
  try {
    const program = await startProgram(command, terminal);
    const { stdout, stderr } = program;
    pid = program.pid;
    const pumps = [new Pump(stdout, output, isQuiet ? undefined : new Outlet(1), onWarning)];
    if (stderr !== undefined) {
      pumps.push(new Pump(stderr, errors, isQuiet ? undefined : new Outlet(2), onWarning));
    }
    end = await program.end;
    // A signal of a terminal comes to the program and to us; its end may be noticed before that.
    if (exitCodeOf(end) > 128) await delay(INTERVAL);
    isDraining = true;
    // It has ended because its output was not wanted any more, or by Ctrl-C in its terminal.
    isRequested ||= pumps.some(({ isBroken }) => isBroken) ||
      terminal !== undefined && exitCodeOf(end) === INTERRUPTED;
    await drained(pumps, () =>
      onWarning(
        `processes that ${
          command[0]
        } has left behind still have its output: what they print is not recorded`,
      ));
  } catch (error) {
    if (!(error instanceof SystemCallError) || pid > 0) throw error;
    notStarted = error.message;
    const isThere = error.errno !== os.constants.errno.ENOENT;
    end = { pid: 0, exitCode: isThere ? NOT_RUNNABLE : NOT_FOUND };
  } finally {
    terminal?.close();
  }
  const ending: Ending = {
    ...end,
    program: basename(command[0]),
    runTime: performance.now() - start,
    isRequested,
    ...notStarted !== undefined && { notStarted },
    ...wasOomKilled(end, killsBefore),
  };
  const result: RunResult = { ending, exitCode: exitCodeOf(end) };
  try {
    const isSaved = save !== undefined &&
      (saveOn === "always" || (saveOn === "crash" && isCrash(ending)));
    if (log !== undefined && isSaved && isCrash(ending)) {
      const found = lastError(targetOf(log.name));
      if (found !== undefined) result.lastError = found;
    }
    errors.push(new TextEncoder().encode(`${endingLine(ending)}\n`));
    if (log !== undefined && isSaved) result.saved = await saveInto(save, log, ending);
  } catch (error) {
    onWarning(`the log was not saved: ${(error as Error).message}`);
  }
  log?.close();
  stopSignals();
  return result;
}

/** Whether programs can be given terminals here. */
export function hasTerminals(): boolean {
  return system().terminals !== undefined;
}

function openTerminal(): ProgramTerminal {
  const terminals = system().terminals?.();
  if (terminals !== undefined) return new ProgramTerminal(terminals);
  throw new RangeError("hasTerminal: programs can't be given terminals on this system");
}

/** The log; without one, if the environment refuses it, the program still runs. */
function openLog({ target, log, onWarning }: RunOptions): ShmLogWriter | undefined {
  let writer: ShmLogWriter;
  try {
    writer = ShmLogWriter.create(target, { ...log, unlinkOnClose: false });
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    onWarning(`nothing is recorded: ${withoutIfExists(error as Error)}`);
    return undefined;
  }
  try {
    checkEntrySize(writer);
    return writer;
  } catch (error) {
    writer.close();
    onWarning(`nothing is recorded: ${(error as Error).message}`);
    return undefined;
  }
}

/** Whether a process of the group of this one was killed for lack of memory, and it was this one. */
function wasOomKilled(
  { signal }: ProcessEnd,
  before: number | undefined,
): Pick<Ending, "oomKilled"> {
  if (signal?.name !== "SIGKILL" || before === undefined) return {};
  return { oomKilled: (oomKills() ?? before) > before };
}

/** Says before anything happens that nothing can be saved. */
function warnOfFolder(folder: string, onWarning: (message: string) => void): void {
  try {
    prepareFolder(folder);
  } catch (error) {
    onWarning(`the log will not be saved: ${(error as Error).message}`);
  }
}

async function saveInto(folder: string, log: ShmLogWriter, ending: Ending): Promise<SavedLog> {
  prepareFolder(folder);
  // 20261129T200000Z: no sign that a shell, or Windows, has a meaning for.
  const time = new Date().toISOString().replace(/\.\d+|[-:]/g, "");
  const program = ending.program.replace(/[^\w.-]/g, "_");
  const path = join(folder, `${program}-${time}-${ending.pid}.log`);
  return await saveLog(targetOf(log.name), path, { compact: true, force: true });
}

/** Takes what a stream of the program gives: to the log, and on. */
class Pump {
  /** Resolves at the end of the stream. */
  readonly end: Promise<void>;
  /** Since when it waits for something to read; Infinity while it does not. */
  waitsSince: number = Infinity;
  /** How many bytes it has read. */
  count = 0;
  isEnded = false;
  /** Whether there is nobody any more who reads what is passed on. */
  isBroken = false;
  readonly #source: Source;
  readonly #lines: CriLines;
  readonly #onWarning: (message: string) => void;
  #outlet: Outlet | undefined;

  constructor(
    source: Source,
    lines: CriLines,
    outlet: Outlet | undefined,
    onWarning: (message: string) => void,
  ) {
    this.#source = source;
    this.#lines = lines;
    this.#outlet = outlet;
    this.#onWarning = onWarning;
    this.end = this.#run();
  }

  /** Ends recording, though others may still write. */
  stop(): void {
    if (!this.isEnded) this.#lines.end();
    this.isEnded = true;
  }

  async #run(): Promise<void> {
    const room = this.#lines.room;
    const passed = new Uint8Array(room.length);
    let passing: Promise<void> | undefined;
    while (!this.isBroken) {
      this.waitsSince = performance.now();
      const count = await this.#read(room);
      if (this.isEnded) return;
      this.waitsSince = Infinity;
      if (count === 0) break;
      this.count += count;
      await passing;
      // Recording writes into these bytes. It comes first: what is seen of a program is in its log.
      if (this.#outlet !== undefined) passed.set(room.subarray(0, count));
      this.#lines.take(count);
      if (this.#outlet !== undefined) {
        passing = this.#pass(this.#outlet, passed.subarray(0, count));
      }
    }
    await passing;
    this.stop();
  }

  async #read(room: Uint8Array): Promise<number> {
    try {
      return await this.#source.read(room);
    } catch (error) {
      if (!this.isBroken) this.#onWarning(`output can't be read: ${(error as Error).message}`);
      return 0;
    }
  }

  async #pass(outlet: Outlet, bytes: Uint8Array): Promise<void> {
    try {
      await outlet.write(bytes);
    } catch (error) {
      this.#outlet = undefined;
      if (!isReaderGone(error)) {
        const { message } = error as Error;
        return this.#onWarning(`output is only recorded from here on: ${message}`);
      }
      // Without us the program would see that, too.
      this.isBroken = true;
      this.#source.close();
    }
  }
}

/**
 * Waits until all is read that the program has written before its end. Others may have its output open, and
 * write to it for years: those are not waited for.
 */
async function drained(pumps: Pump[], onLeft: () => void): Promise<void> {
  const counts = pumps.map(({ count }) => count);
  const looks: number[] = [];
  const all = Promise.all(pumps.map(({ end }) => end));
  while (!pumps.every(({ isEnded }) => isEnded)) {
    looks.push(performance.now());
    const first = looks.length > LOOKS ? looks.shift()! : -Infinity;
    const isEmpty = (pump: Pump, i: number) =>
      pump.isEnded || pump.waitsSince <= first || pump.count - counts[i] > MOST_IN_PIPE;
    if (pumps.every(isEmpty)) {
      for (const pump of pumps) pump.stop();
      return onLeft();
    }
    await Promise.race([all, delay(INTERVAL)]);
  }
}
