/** An application with a recorder: logs, has its errors, and ends as its last argument says. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../../../src/logger/mod.ts";
import { createRecorder } from "../../../src/recorder/recorder.ts";

const [target, dir, end] = process.argv.slice(2);
const isClosed = end.startsWith("closed");
const recorder = createRecorder({
  target,
  dir,
  size: "1MiB",
  saveOn: [
    "error",
    "uncaught",
    "exit",
    "SIGUSR2",
    ...end === "closed, SIGTERM" ? ["SIGTERM" as const] : [],
  ],
  after: "60s",
  handleSignals: isClosed,
  exitEntry: end.startsWith("told") || end === "closed, error, SIGTERM",
  unlinkOnClose: isClosed,
});
const log = createLogger({ base: null, writer: recorder });
log.info("what led to it");
if (end === "idle") console.log("ready");
else if (end === "throw") throw new Error("it", { cause: new Error("why") });
else if (end === "reject") Promise.reject(new Error("it"));
else if (end === "exit 3") process.exit(3);
else if (end === "exit 0") process.exit(0);
else if (end === "error, exit 0") {
  log.error("it");
  process.exit(0);
} else if (end === "error, end") log.error("it");
else if (end === "closed, exit 3" || end === "told, exit 3") process.exit(3);
else if (end === "closed, error, SIGTERM" || end === "closed, SIGTERM") {
  if (end.includes("error")) log.error("it");
  process.kill(process.pid, "SIGTERM");
  await sleep(10_000);
} else if (end === "asked, exit 0") {
  void recorder.save("asked");
  process.exit(0);
} else if (end === "handled, exit 0") {
  process.on("uncaughtException", () => process.exit(0));
  setTimeout(() => {
    throw new Error("it");
  });
} else if (end === "handled") {
  process.on("uncaughtException", () => log.info("handled"));
  setTimeout(() => {
    throw new Error("it");
  });
  await sleep(300);
} else if (end === "signal") {
  console.log("ready");
  while (recorder.counts.saved < 2) await sleep(20);
} else if (end === "kill") {
  log.error("it");
  await sleep(50);
  process.kill(process.pid, "SIGKILL");
}
