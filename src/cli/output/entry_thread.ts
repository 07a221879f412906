/**
 * Another thread that makes lines of entries. This module is what the thread runs, too: so it is one file of its
 * own in sources and in a bundle alike, which nothing imports but by `import()`.
 *
 * @module
 */

import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { EntryBatch } from "../../log/batch.ts";
import { isOwnThread, OWN_THREAD } from "../process/own_thread.ts";
import { LineBytes } from "./line_bytes.ts";
import { batchPrinter, type EntryBlock, READY, type ThreadOptions } from "./batch_lines.ts";

/** Starts a thread, which keeps the process until it is ended. */
export function startThread(options: ThreadOptions): Worker {
  return new Worker(new URL(import.meta.url), {
    workerData: { ...OWN_THREAD, ...options },
    execArgv: [],
  });
}

function serve(port: MessagePort, options: ThreadOptions): void {
  const lines = new LineBytes();
  const print = batchPrinter(options, lines);
  const batch = new EntryBatch();
  port.on("message", (block: EntryBlock) => {
    batch.adopt(block.bytes, block.bounds, block.firstSequenceNumber);
    print(batch);
    const bytes = lines.take().slice();
    port.postMessage(bytes, [bytes.buffer]);
  });
  port.postMessage(READY);
}

if (isOwnThread() && parentPort !== null) serve(parentPort, workerData);
