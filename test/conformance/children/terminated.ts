/** A worker that holds a log of that name until it is terminated: says which entry it wrote. */

import { parentPort, workerData } from "node:worker_threads";
import { ShmLogWriter } from "../../../mod.ts";

const log = ShmLogWriter.create(workerData, { size: "64KiB" });
parentPort!.postMessage(log.write("from a worker"));
setInterval(() => log.totalEntriesWritten, 1000);
