/** A process that is watched while its main thread stands still: in JavaScript, or in a system call. */

import { execSync } from "node:child_process";
import process from "node:process";
import { type LogTarget, ShmLogReader } from "../../../mod.ts";
import { EntrySink } from "../../../src/sinks/mod.ts";

const [how, text, times = "1"] = process.argv.slice(2);
const target: LogTarget = JSON.parse(text);
const sink = new EntrySink({ target, chunkSize: 65536, watchdog: "200ms" });

/** How long it stands still at least, in milliseconds: until the watchdog has said so. */
const BLOCK = 700;
const watchdog = typeof target === "string" ? `${target}.watch` : { path: `${target.path}.watch` };

/** How often the watchdog has said that this thread stands still. */
function complaints(): number {
  try {
    using reader = ShmLogReader.open(watchdog);
    return [...reader].filter(({ text }) => JSON.parse(text).blocked).length;
  } catch {
    return -1;
  }
}

/** Has a name that the stack is to show. */
function standStill(milliseconds: number): void {
  const before = complaints();
  const end = performance.now() + milliseconds;
  // The event loop has no turn in between.
  while (performance.now() < end || complaints() === before) {
    if (how === "call") execSync("sleep 0.3");
    else for (const next = performance.now() + 50; performance.now() < next;);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
while (complaints() < 0) await pause();
for (let i = 0; i < Number(times); i++) {
  await pause();
  sink.write("now");
  if (how === "kill") console.log("now");
  const start = Date.now();
  standStill(how === "kill" ? 60_000 : BLOCK);
  sink.write(`${start} to ${Date.now()}`);
}
sink.write("last words");
if (how === "exit") process.exit(3);
