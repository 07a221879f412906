/**
 * Prints whole batches of entries, on two cores where there is enough for it.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { EntryBatch } from "../../log/batch.ts";
import { batchPrinter, type EntryBlock, READY, type ThreadOptions } from "./batch_lines.ts";
import { LineBytes } from "./line_bytes.ts";
import type { Output } from "./output.ts";

/** After so many batches it may pay to start a thread: it takes as long as to print these. */
const WORTH_A_THREAD = 64;
/** To send what is plain takes as long as to print it: so many of the entries must not be. */
const WORTH_SENDING = 1 / 4;
/** How many batches may wait: one that the thread works at, the next one, and one of our own between them. */
const MOST_WAITING = 3;

async function startEntryThread(options: ThreadOptions): Promise<Worker> {
  // Not before it is needed; and by this the bundle has a file of its own for it.
  const { startThread } = await import("./entry_thread.ts");
  return startThread(options);
}

/** A batch that is not written yet. */
interface Waiting {
  /** Its lines; or what the thread will say. */
  lines: Uint8Array | Promise<Uint8Array | undefined>;
  /** What the thread was sent: it may fail. */
  block: EntryBlock | undefined;
}

/**
 * Prints batches in their order. From some number on another thread makes the lines of every second one, while
 * this one makes those of the others. Where no thread can start, or would be no help, all is done here.
 */
export class BatchPrinter implements Disposable {
  readonly #options: ThreadOptions;
  readonly #output: Pick<Output, "write" | "isFull" | "flush">;
  readonly #startThread: (options: ThreadOptions) => Promise<Worker>;
  #printer: ((batch: EntryBatch) => number) | undefined;
  readonly #waiting: Waiting[] = [];
  readonly #lines = new LineBytes();
  #count = 0;
  /** How many entries were printed here, and how many of them were not plain. */
  #entries = 0;
  #slow = 0;
  #worker: Worker | undefined;
  #isReady = false;
  #isOurTurn = true;
  readonly #answers: ((bytes: Uint8Array | undefined) => void)[] = [];

  /** Prints to `output`; `startThread` starts the other thread, once there is enough to print. */
  constructor(
    output: Pick<Output, "write" | "isFull" | "flush">,
    options: ThreadOptions,
    startThread: (options: ThreadOptions) => Promise<Worker> = startEntryThread,
  ) {
    this.#options = options;
    this.#output = output;
    this.#startThread = startThread;
  }

  /** Whether some are not written yet. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Prints a batch, which may be filled again after that. */
  async print(batch: EntryBatch): Promise<void> {
    const isSlow = this.#slow > WORTH_SENDING * this.#entries;
    if (++this.#count === WORTH_A_THREAD && isSlow && availableParallelism() > 1) {
      await this.#start();
    }
    if (this.#isReady && !this.#isOurTurn) this.#send(batch);
    else {
      // What does not wait is not copied.
      const lines = this.#linesOf(batch);
      const waits = this.#waiting.length > 0;
      this.#waiting.push({ lines: waits ? lines.slice() : lines, block: undefined });
      if (!waits) await this.#write();
    }
    this.#isOurTurn = !this.#isOurTurn;
    while (this.#waiting.length > (this.#isReady ? MOST_WAITING : 0)) await this.#write();
  }

  /** Writes all that waits. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write();
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#fail();
    this.#worker?.terminate();
  }

  async #start(): Promise<void> {
    try {
      const worker = this.#worker = await this.#startThread(this.#options);
      worker.on("message", (message: typeof READY | Uint8Array) => {
        if (message === READY) this.#isReady = true;
        else this.#answers.shift()?.(message);
      });
      worker.on("error", () => this.#fail());
      worker.on("exit", () => this.#fail());
    } catch {
      // A compiled program without the file, or no permission: one thread is enough.
    }
  }

  #send(batch: EntryBatch): void {
    const { bytes, bounds, length } = batch.block;
    const block = {
      bytes: bytes.slice(0, bounds[2 * length - 1]),
      bounds: bounds.slice(0, 2 * length),
      firstSequenceNumber: batch.sequenceNumber(0),
    };
    const lines = new Promise<Uint8Array | undefined>((resolve) => this.#answers.push(resolve));
    this.#waiting.push({ lines, block });
    this.#worker?.postMessage(block);
  }

  /** Writes the batch that waits longest. */
  async #write(): Promise<void> {
    const { lines, block } = this.#waiting.shift()!;
    const made = await lines;
    if (made !== undefined) this.#output.write(made);
    else if (block !== undefined) {
      const batch = new EntryBatch();
      batch.adopt(block.bytes, block.bounds, block.firstSequenceNumber);
      this.#output.write(this.#linesOf(batch));
    }
    if (this.#output.isFull) await this.#output.flush();
  }

  /** The lines of a batch, until those of another one are made. */
  #linesOf(batch: EntryBatch): Uint8Array {
    this.#printer ??= batchPrinter(this.#options, this.#lines);
    this.#entries += batch.length;
    this.#slow += this.#printer(batch);
    return this.#lines.take();
  }

  /** The thread will say nothing more. */
  #fail(): void {
    this.#isReady = false;
    for (const answer of this.#answers.splice(0)) answer(undefined);
  }
}
