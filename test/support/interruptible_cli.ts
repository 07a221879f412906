/**
 * The command line with a Ctrl-C on Windows, where one comes from a console only, and no process can
 * send it to another one: a file stands for it.
 */

import { existsSync } from "node:fs";
import process from "node:process";

const path = process.env.OUROBOROS_INTERRUPT ?? "";
const timer = setInterval(() => {
  if (!existsSync(path)) return;
  clearInterval(timer);
  // As a runtime does it.
  if (!process.emit("SIGINT", "SIGINT")) process.exit(130);
}, 20);
timer.unref();

await import("../../src/cli/main.ts");
