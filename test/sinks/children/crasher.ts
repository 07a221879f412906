/**
 * Logs some lines through a sink, says so with its last one, and dies: `crasher.ts SINK TARGET END`,
 * with the target in JSON.
 *
 * The ends: `throw`, `later` (a throw in a timer), `reject`, `exit`, or `wait` for a SIGKILL.
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { shapeOf, sinks } from "./loggers.ts";

const [kind, target, end, uncaught] = process.argv.slice(2);
const log = await sinks[kind]({
  ...shapeOf(JSON.parse(target)),
  uncaughtException: uncaught === "uncaught",
});
for (let i = 1; i <= 100; i++) log(`line ${i}`);
switch (end) {
  case "throw":
    log("last words");
    throw new TypeError("boom");
  case "exit":
    log("last words");
    process.exit(7);
    break;
  case "later":
    setTimeout(() => {
      log("last words");
      const cause = Object.assign(new RangeError("root cause"), { password: "hunter2" });
      const own = { code: "E_BOOM", size: 5n, password: "hunter2" };
      throw Object.assign(new TypeError("boom", { cause }), own);
    }, 1);
    break;
  case "reject":
    log("last words");
    Promise.reject(new TypeError("boom"));
    break;
  case "wait":
    log("last words");
    // Not by console.log, which may be captured.
    writeSync(1, "now\n");
    // The event loop never turns again: nothing of it may be needed to get the line out.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
