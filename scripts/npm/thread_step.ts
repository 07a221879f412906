/** The thread of lines: its file is in the package, where the command looks for it, and starts. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Runtime } from "../runtimes.ts";
import { ouroborosIn, printed } from "./command_step.ts";
import type { Step } from "./workshop.ts";

/** Keeps in a file what the command starts as a thread. */
const WATCH = `import { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(file, options) {
    super(file, options);
    writeFileSync(process.env.STARTED, JSON.stringify({ file, data: options.workerData }));
  }
};
syncBuiltinESMExports();
`;
/** Starts the same, for the command may have printed all before its thread was there. */
const START = `import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
const { file, data } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const worker = new Worker(new URL(file), { workerData: data });
worker.once("message", (word) => {
  console.log(word);
  worker.terminate();
});
`;
/** Lines that are not plain, so many that a second thread is a help. */
const LINES = `{"level":30,"msg":"\u00e9 ${"x".repeat(200)}"}\n`.repeat(30_000);

/** The step, on Node: others have no such hook. */
export function threadStep(runtime: Runtime, folder: string): Step {
  return {
    title: "tail --all -o json starts its second thread, from a file of the package",
    run() {
      const [log, watch, start, started] = ["threads.log", "watch.mjs", "start.mjs", "started.json"]
        .map((name) => `${folder}${runtime.name}-${name}`);
      writeFileSync(watch, WATCH);
      writeFileSync(start, START);
      rmSync(started, { force: true });
      ouroborosIn(runtime, folder, ["write", log], LINES);
      const before = process.env.NODE_OPTIONS;
      process.env.STARTED = started;
      process.env.NODE_OPTIONS = `--import ${pathToFileURL(watch)}`;
      try {
        ouroborosIn(runtime, folder, ["tail", log, "--all", "-o", "json"]);
      } finally {
        delete process.env.STARTED;
        if (before === undefined) delete process.env.NODE_OPTIONS;
        else process.env.NODE_OPTIONS = before;
      }
      const { file } = JSON.parse(readFileSync(started, "utf8"));
      assert.match(file, /^file:.*node_modules/);
      assert.equal(printed(runtime, folder, [runtime.path, start, started]), "ready\n");
    },
  };
}
