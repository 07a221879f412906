/** Whole batches of entries, whose lines two threads make. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { availableParallelism } from "node:os";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { EntryBatch, Reader, Writer } from "../../mod.ts";
import type { ThreadOptions } from "../../src/cli/output/batch_lines.ts";
import { BatchPrinter } from "../../src/cli/output/batch_printer.ts";
import { startThread } from "../../src/cli/output/entry_thread.ts";
import { entryPrinter } from "../../src/cli/output/format.ts";
import { baseSeed, Random } from "../support/random.ts";
import { randomLine } from "../support/random_lines.ts";

const options: ThreadOptions = {
  format: "json",
  isTerminal: false,
  hasColors: false,
  vitals: true,
};
const COUNT = 4000;

class Collected {
  isFull = true;
  readonly #pieces: Buffer[] = [];

  write(data: string | Uint8Array): void {
    this.#pieces.push(Buffer.from(data as string));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}

/** A log of random lines. */
function randomLog(): ArrayBuffer {
  const random = new Random(baseSeed);
  const memory = new ArrayBuffer(1 << 22);
  const lines = Array.from({ length: COUNT }, (_, i) => randomLine(random, 1.76e12 + i));
  Writer.create(memory, { chunkCount: 4 }).writeMany(lines);
  return memory;
}

/** What one thread prints. */
function printedByOne(memory: ArrayBuffer, { format }: ThreadOptions): string {
  const output = new Collected();
  const print = entryPrinter(format, output);
  for (const entry of new Reader(memory)) print(entry);
  return output.text;
}

/** What two threads print, and how many batches the other one was sent. */
async function printedByTwo(
  memory: ArrayBuffer,
  options: ThreadOptions,
  start: () => Worker | Promise<Worker>,
): Promise<{ text: string; sent: number }> {
  const output = new Collected();
  let sent = 0;
  let ready: Promise<unknown> | undefined;
  const printer = new BatchPrinter(output, options, async () => {
    const worker = await start();
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (...message: Parameters<typeof post>) => {
      sent++;
      post(...message);
    };
    ready = new Promise((resolve) => worker.once("message", resolve));
    return worker;
  });
  const reader = new Reader(memory);
  const batch = new EntryBatch();
  let count = 0;
  while (reader.readBatch(7, batch).length > 0) {
    await printer.print(batch);
    // The first words of the thread come while this one waits.
    if (++count === 70) await ready;
  }
  await printer.flush();
  assert.equal(printer.isWaiting, false);
  printer[Symbol.dispose]();
  return { text: output.text, sent };
}

const isAlone = availableParallelism() === 1;

for (const format of ["json", "pretty"] as const) {
  test(`two threads print what one prints, as ${format} (SEED=${baseSeed})`, async () => {
    const memory = randomLog();
    const { text, sent } = await printedByTwo(
      memory,
      { ...options, format },
      () => startThread({ ...options, format }),
    );
    assert.ok(sent > 100 || isAlone);
    assert.equal(text, printedByOne(memory, { ...options, format }));
  });
}

/** A thread that ends where it should answer. */
function faulty(): Worker {
  const code = `import { parentPort } from "node:worker_threads";
    import process from "node:process";
    parentPort.on("message", () => process.exit());
    parentPort.postMessage("ready");`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
}

test("a thread that ends in the middle loses nothing", { skip: isAlone }, async () => {
  const memory = randomLog();
  const { text, sent } = await printedByTwo(memory, options, faulty);
  assert.ok(sent > 0);
  assert.equal(text, printedByOne(memory, options));
});

test("a thread that can't start loses nothing", async () => {
  const memory = randomLog();
  const { text, sent } = await printedByTwo(memory, options, () => {
    throw new Error("no threads here");
  });
  assert.equal(sent, 0);
  assert.equal(text, printedByOne(memory, options));
});
