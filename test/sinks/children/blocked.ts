/** A process that is watched while its main thread stands still: in JavaScript, or in a system call. */

import { execSync } from "node:child_process";
import process from "node:process";
import { type LogTarget, ShmLogReader } from "../../../mod.ts";
import { EntrySink } from "../../../src/sinks/mod.ts";

const [how, text, times = "1"] = process.argv.slice(2);
const target: LogTarget = JSON.parse(text);
const sink = new EntrySink({ target, chunkSize: 65536, watchdog: "200ms" });

/** In milliseconds. */
const BLOCK = 700;

/** Has a name that the stack is to show. */
function standStill(milliseconds: number): void {
  if (how === "call") return void execSync(`sleep ${milliseconds / 1000}`);
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function isWatched(): boolean {
  try {
    const name = typeof target === "string" ? `${target}.watch` : { path: `${target.path}.watch` };
    ShmLogReader.open(name).close();
    return true;
  } catch {
    return false;
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
while (!isWatched()) await pause();
for (let i = 0; i < Number(times); i++) {
  await pause();
  sink.write("now");
  if (how === "kill") console.log("now");
  standStill(how === "kill" ? 60_000 : BLOCK);
}
sink.write("last words");
if (how === "exit") process.exit(3);
