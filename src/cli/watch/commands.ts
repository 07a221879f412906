/**
 * The command of `--exec`: run without a shell, one after the other.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { warn } from "../output/warn.ts";

/** How long a command may take, and after the signal to end, in milliseconds. */
const TIME_LIMIT = 60_000;
const MORE_TIME = 5_000;
/** How many may wait for their turn. */
const MOST_WAITING = 10;

/** What stands for something in a command; `triggers` is in its environment only. */
export type CommandValues = Readonly<Record<"file" | "log" | "reason" | "triggers", string>>;

/**
 * The words of a command: spaces separate them, except for those within `"…"` or `'…'`. `undefined` if the
 * first one, the program, is empty, or a quote has no other one.
 */
export function splitWords(text: string): string[] | undefined {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const rest = text.replace(/(?:[^\s"']|"[^"]*"|'[^']*')+/g, "");
  if (rest.trim() !== "") return undefined;
  const plain = words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_all, a, b) => a ?? b));
  return plain[0] ? plain : undefined;
}

/** Runs a command for each thing that was saved. */
export class Commands {
  readonly #words: readonly string[];
  readonly #signal: AbortSignal;
  readonly #timeLimit: number;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** Runs nothing yet. An abort of `signal` gives a command that runs a few seconds to end. */
  constructor(words: readonly string[], signal: AbortSignal, timeLimit: number = TIME_LIMIT) {
    this.#words = words;
    this.#signal = signal;
    this.#timeLimit = timeLimit;
  }

  /** Runs it after those before. */
  run(values: CommandValues): void {
    if (this.#waiting === MOST_WAITING) {
      const what = values.file || `${values.reason} in ${values.log}`;
      return warn(`--exec: ${this.#words[0]} is too slow, and was not run for ${what}`);
    }
    this.#waiting++;
    this.#last = this.#last.then(() => this.#run(values)).finally(() => this.#waiting--);
  }

  /** Resolves when all have ended. */
  idle(): Promise<void> {
    return this.#last;
  }

  #run(values: CommandValues): Promise<void> {
    // Each word stays one word, whatever is in a name.
    const [command, ...args] = this.#words.map((word) =>
      word.replace(
        /\{(file|log|reason)\}/g,
        (_all, name: "file" | "log" | "reason") => values[name],
      )
    );
    const env = {
      ...process.env,
      OUROBOROS_FILE: values.file,
      OUROBOROS_SAVED_LOG: values.log,
      OUROBOROS_REASON: values.reason,
      OUROBOROS_TRIGGERS: values.triggers,
    };
    return new Promise((resolve) => {
      const child = spawn(command, args, { env, stdio: ["ignore", "inherit", "inherit"] });
      let kill: ReturnType<typeof setTimeout> | undefined;
      const end = () => {
        clearTimeout(limit);
        // Where the abort came first, that timer has brought us here, or is to do so.
        clearTimeout(kill);
        child.kill("SIGTERM");
        kill = setTimeout(() => {
          if (child.pid === undefined) return;
          try {
            // Deno's child.kill() does nothing after the first one.
            process.kill(child.pid, "SIGKILL");
          } catch {
            // It has just ended.
          }
        }, MORE_TIME);
      };
      const limit = setTimeout(() => {
        warn(`--exec: ${command} was ended: it took longer than ${this.#timeLimit / 1000} s`);
        end();
      }, this.#timeLimit);
      const onAbort = () => kill ??= setTimeout(end, MORE_TIME);
      const done = () => {
        clearTimeout(limit);
        clearTimeout(kill);
        this.#signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#signal.addEventListener("abort", onAbort);
      if (this.#signal.aborted) onAbort();
      child.on("error", (error) => {
        warn(`--exec: ${command} can't be run: ${error.message}`);
        done();
      });
      child.on("exit", (code, signal) => {
        if (code !== 0) warn(`--exec: ${command} ended with ${signal ?? `exit code ${code}`}`);
        done();
      });
    });
  }
}
