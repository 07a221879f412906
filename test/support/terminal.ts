/** A terminal of Linux for tests, with a person at it. */

import { closeSync } from "node:fs";
import { ReadStream } from "node:tty";
import process from "node:process";
import { system } from "../../ffi/current_system.ts";
import type { ProcessEnd, Processes, Terminals, TerminalSize } from "../../ffi/system.ts";
import { delay } from "../../src/async.ts";
import { Outlet } from "../../src/recorder/outlet.ts";
import { DescriptorSource, type Source, streamSource } from "../../src/recorder/source.ts";
import { needsExec } from "./platform.ts";

/** Why there can be none; false if there can. */
export const noTerminal: string | false = process.platform === "linux"
  ? needsExec
  : "terminals are tested on Linux";

const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, PS1: "$ " };
const LIMIT = 60_000;

/** A terminal in which a program runs. */
export class Terminal {
  /** What was shown. */
  text = "";
  readonly #processes: Processes = system().processes!();
  readonly #terminals: Terminals = system().terminals!();
  readonly #descriptor: number;
  readonly #keyboard: Outlet;
  readonly #reading: Promise<void>;
  readonly #pid: number;
  #seen = 0;
  #isEnded = false;

  constructor(command: readonly string[], size: TerminalSize = { rows: 30, columns: 100 }) {
    const { descriptor, path } = this.#terminals.open();
    this.#descriptor = descriptor;
    this.#keyboard = new Outlet(descriptor);
    this.resize(size);
    const environment = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`]
    );
    this.#pid = this.#processes.spawn(command, environment, [path, path, path]);
    this.#reading = this.#read(
      "Deno" in globalThis
        ? new DescriptorSource(descriptor)
        : streamSource(new ReadStream(descriptor)),
    );
  }

  resize(size: TerminalSize): void {
    this.#terminals.setSize(this.#descriptor, size);
  }

  async type(keys: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(keys));
  }

  /** Waits until a text is shown, after what was waited for before. */
  async until(text: string): Promise<void> {
    const end = performance.now() + LIMIT;
    for (;;) {
      const found = this.text.indexOf(text, this.#seen);
      if (found >= 0) return void (this.#seen = found + text.length);
      if (this.#isEnded || performance.now() > end) {
        throw new Error(`${JSON.stringify(text)} was not shown: ${JSON.stringify(this.text)}`);
      }
      await delay(10);
    }
  }

  /** How the program ended. */
  async ended(): Promise<ProcessEnd> {
    const limit = performance.now() + LIMIT;
    for (;;) {
      const end = this.#processes.wait(this.#pid);
      if (end !== undefined) {
        await this.#reading;
        return end;
      }
      if (performance.now() > limit) process.kill(this.#pid, "SIGKILL");
      await delay(10);
    }
  }

  async #read(source: Source): Promise<void> {
    const bytes = new Uint8Array(1 << 16);
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const count = await source.read(bytes);
        if (count === 0) break;
        this.text += decoder.decode(bytes.subarray(0, count), { stream: true });
      }
    } catch {
      // EIO: all have closed it.
    }
    this.#isEnded = true;
    if ("Deno" in globalThis) closeSync(this.#descriptor);
  }
}
