/**
 * The terminal of a recorded program, between that and the terminal of this process.
 *
 * @module
 */

import { isatty, ReadStream } from "node:tty";
import process from "node:process";
import type { Terminals, TerminalSize } from "../../ffi/system.ts";
import { isInForeground } from "./forward_signals.ts";
import { Outlet } from "./outlet.ts";
import { DescriptorSource, type Source, streamSource } from "./source.ts";

/** As terminals were, and programs assume. */
const USUAL_SIZE: TerminalSize = { rows: 24, columns: 80 };

/**
 * A terminal for a program. Until it is closed, keys of our own terminal are handed on to it: those, too,
 * that stand for signals.
 */
export class ProgramTerminal {
  /** The path that the program opens. */
  readonly path: string;
  /** Whether its keys come from a terminal, too; else its input is that of this process. */
  readonly hasKeys: boolean = isatty(0);
  /** What the program prints. */
  readonly output: Source;
  readonly #terminals: Terminals;
  readonly #descriptor: number;
  readonly #keys: Outlet;
  /** The settings of our own terminal, while it has others. */
  #saved: Uint8Array | undefined;

  /** Makes one. */
  constructor(terminals: Terminals) {
    const { path, descriptor } = terminals.open();
    this.path = path;
    this.#terminals = terminals;
    this.#descriptor = descriptor;
    this.#keys = new Outlet(descriptor);
    // Bun's stream of a terminal drops what it holds when all have closed the terminal.
    this.output = untilHangup(
      "Deno" in globalThis || "Bun" in globalThis
        ? new DescriptorSource(descriptor)
        : streamSource(new ReadStream(descriptor)),
    );
    this.resize();
    // A process in the background would be stopped by this.
    if (!this.hasKeys || !isInForeground()) return;
    this.#saved = terminals.settings(0);
    if (this.#saved === undefined) return;
    terminals.setSettings(descriptor, this.#saved);
    this.#makeRaw();
    process.on("exit", this.#restore).on("SIGCONT", this.#makeRaw);
    process.stdin.on("data", this.#take).on("error", ignore);
  }

  /** Gives it the size of our own terminal. */
  resize(): void {
    const sizes = [0, 1, 2].map((descriptor) => this.#terminals.size(descriptor));
    const size = sizes.find((one) => one !== undefined && one.rows > 0 && one.columns > 0);
    this.#terminals.setSize(this.#descriptor, size ?? USUAL_SIZE);
  }

  /** Gives our own terminal back, and takes its own away from the program. */
  close(): void {
    this.output.close();
    if (this.#saved === undefined) return;
    process.stdin.off("data", this.#take).off("error", ignore).pause();
    process.off("exit", this.#restore).off("SIGCONT", this.#makeRaw);
    this.#restore();
    this.#saved = undefined;
  }

  // Arrow functions, because they are listeners.
  readonly #makeRaw = (): void => {
    this.#terminals.setSettings(0, this.#terminals.raw(this.#saved!));
  };

  readonly #restore = (): void => {
    this.#terminals.setSettings(0, this.#saved!);
  };

  readonly #take = (keys: Uint8Array): void => {
    process.stdin.pause();
    this.#keys.write(keys).then(() => {
      if (this.#saved !== undefined) process.stdin.resume();
    }, ignore);
  };
}

/** The program has ended, or the terminal; both are found out elsewhere. */
function ignore(): void {}

/** When all have closed a terminal, reading it is an error. */
function untilHangup(source: Source): Source {
  let isClosed = false;
  return {
    async read(into) {
      try {
        return await source.read(into);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EIO") return 0;
        throw error;
      }
    },
    close() {
      if (!isClosed) source.close();
      isClosed = true;
    },
  };
}
