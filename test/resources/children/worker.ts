/** Opens logs in a worker, reads them to the end, and ends as it is told: closing them or not. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../../mod.ts";

/** What a worker is to do. */
export interface Job {
  /** The logs to read. */
  logs: LogTarget[];
  /** The logs to write; they are taken over if they are there. */
  own: LogTarget[];
  /** How to end. With `"exit event"` a listener to it writes `bye` to the logs. */
  how: "close" | "end" | "exit" | "exit event" | "terminate";
}

const { logs, own, how } = workerData as Job;
const writers = own.map((target) =>
  ShmLogWriter.create(target, {
    chunkSize: 4096,
    chunkCount: 4,
    ifExists: "resume",
    unlinkOnClose: false,
  })
);
for (const writer of writers) writer.write("hello");
const readers = [...logs, ...own].map((target) => ShmLogReader.open(target));
const read = readers.map((reader) => [...reader].length);
// Forgotten is something else than open: what ends with the worker here is in use until then.
(globalThis as { inUse?: unknown }).inUse = { readers, writers };

if (how === "close") { for (const each of [...readers, ...writers]) each.close(); }
if (how === "exit event") {
  process.on("exit", () => {
    for (const writer of writers) writer.write("bye");
  });
}
parentPort?.postMessage(read);
if (how === "exit") process.exit(0);
if (how === "terminate") setInterval(() => {}, 1000);
