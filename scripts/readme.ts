/** The writer and the reader of the README, run as a reader of it runs them. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Runtime } from "./runtimes.ts";

/** What stands for the names in the examples. */
export interface ReadmeNames {
  /** The log, in place of `/hello`. */
  log: string;
  /** What is imported in place of `@ouroboros/log`, in a clone. */
  library?: string;
}

/**
 * Saves both examples in a folder, starts the writer, then the reader, kills the writer (SIGKILL), and
 * starts both once more. Throws where the reader does not see all of it. The log stays.
 */
export async function runReadme(
  readme: string,
  runtime: Runtime,
  folder: string,
  { log, library }: ReadmeNames,
): Promise<void> {
  const files = ["writer.mjs", "reader.mjs"].map((name) => {
    const [, code] = new RegExp(`^\`\`\`js\n(// ${name}\n[^]*?)^\`\`\``, "m").exec(readme) ?? [];
    assert.ok(code?.includes('"/hello"'), `the README has ${name}, with its log`);
    const text = code.replaceAll('"/hello"', JSON.stringify(log));
    const path = join(folder, name);
    writeFileSync(
      path,
      library === undefined ? text : text.replace('"@ouroboros/log"', JSON.stringify(library)),
    );
    return path;
  });
  // With the rights that the README names, and no others.
  const flags = runtime.name === "deno" ? ["run", "--no-check", "--allow-ffi"] : runtime.run;
  const started: Started[] = [];
  const start = (path: string) => {
    const one = new Started(runtime.path, [...flags, path], folder);
    started.push(one);
    return one;
  };
  const [writer, reader] = files;
  try {
    const first = start(writer);
    const early = start(reader);
    assert.equal(await early.nextLine(), `1 process ${first.pid} starts`);
    assert.match(await early.nextLine(), /^2 it is \d{4}-/);
    await first.kill();
    const second = start(writer);
    const late = start(reader);
    // All that was written before the kill, and what comes after it.
    for (const one of [early, late]) {
      let line = one === late ? "" : "2 ";
      for (let number = one === late ? 1 : 3; !line.endsWith(" starts") || number <= 3; number++) {
        line = await one.nextLine();
        assert.ok(line.startsWith(`${number} `), line);
      }
      assert.match(line, new RegExp(`^\\d+ process ${second.pid} starts$`));
    }
  } catch (error) {
    const complaints = started.map(({ complaint }) => complaint).join("");
    throw new Error(`${(error as Error).message}\n${complaints}`, { cause: error });
  } finally {
    await Promise.all(started.map((one) => one.kill()));
  }
}

/** A process whose lines are read. */
class Started {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  /** What it wrote to standard error. */
  complaint = "";

  constructor(command: string, args: string[], folder: string) {
    this.#process = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = once(this.#process, "exit");
    // It must not keep a test waiting for ever.
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 30_000);
    this.#process.once("exit", () => clearTimeout(timer));
    const { stdout, stderr } = this.#process;
    assert.ok(stdout !== null && stderr !== null);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.setEncoding("utf8").on("data", (text: string) => this.complaint += text);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async nextLine(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a process ended, or said nothing");
    return value;
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}
