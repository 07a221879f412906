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

/** How often the watchdog has said that this thread stands still, and whether it has said so last. */
function complaints(): { count: number; isOpen: boolean } {
  try {
    using reader = ShmLogReader.open(watchdog);
    const all = [...reader].map(({ text }): boolean => JSON.parse(text).blocked);
    return { count: all.filter(Boolean).length, isOpen: all.at(-1) === true };
  } catch {
    return { count: -1, isOpen: false };
  }
}

/** Until that was said once more than before. Has a name that the stack is to show. */
function standStill(milliseconds: number, before: number): void {
  const end = performance.now() + milliseconds;
  // The event loop has no turn in between.
  while (performance.now() < end || complaints().count === before) {
    if (how === "call") execSync("sleep 0.3");
    else for (const next = performance.now() + 50; performance.now() < next;);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
while (complaints().count < 0) await pause();
for (let i = 0; i < Number(times);) {
  await pause();
  sink.write("now");
  const start = Date.now();
  const { count, isOpen } = complaints();
  // A busy machine has stopped this thread before: nothing more is said until it has moved again.
  if (isOpen) continue;
  i++;
  if (how === "kill") console.log("now");
  standStill(how === "kill" ? 60_000 : BLOCK, count);
  sink.write(`${start} to ${Date.now()}`);
}
sink.write("last words");
if (how === "exit") process.exit(3);
