/** The other end of `postMessage`: counts lines until there is none. */

import { parentPort } from "node:worker_threads";

let lines = 0;
parentPort?.on("message", (line: string | null) => {
  if (line === null) parentPort?.postMessage(lines);
  else lines++;
});
parentPort?.postMessage("ready");
