/** Prints in its main thread, in a worker, and in a child: `family.ts`. */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker } from "node:worker_threads";

const file = fileURLToPath(import.meta.url);
if (!isMainThread) console.log("in the worker");
else if (process.argv[2] === "child") console.log("in the child");
else {
  console.log("in the main thread");
  // Bun takes null for no options.
  const options = "Bun" in globalThis ? null as never : undefined;
  const worker = new Worker(new URL(import.meta.url), options);
  worker.on("exit", () => {
    const before = JSON.parse(process.env.CHILD_ARGS!) as string[];
    spawn(process.env.THIS_RUNTIME ?? process.execPath, [...before, file, "child"], {
      stdio: "inherit",
    });
  });
}
