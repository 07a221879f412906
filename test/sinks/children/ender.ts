/** Logs a line through a sink with `exitEntry`, and ends: `ender.ts TARGET END`, with the target in JSON. */

import { writeSync } from "node:fs";
import process from "node:process";
import { EntrySink } from "../../../src/sinks/mod.ts";

const [target, end] = process.argv.slice(2);
const sink = new EntrySink({
  target: JSON.parse(target),
  size: "256KiB",
  exitEntry: true,
  handleSignals: end !== "kill",
});
sink.write("last words");
const ends: Record<string, () => unknown> = {
  "exit 0": () => process.exit(0),
  "exit 3": () => process.exit(3),
  "no work": () => {},
  "exit code 3": () => process.exitCode = 3,
  close: () => sink.close(),
  "close, to fail": () => {
    process.exitCode = 3;
    sink.close();
  },
  throw() {
    throw new Error("boom");
  },
  reject: () => Promise.reject(new Error("boom")),
  own() {
    const { Deno: deno } = globalThis as { Deno?: { exit(code: number): void } };
    if (deno !== undefined) deno.exit(3);
    process.exit(3);
  },
  SIGTERM: wait,
  kill: wait,
};
setTimeout(ends[end]);

function wait(): void {
  setInterval(() => {}, 1000);
  writeSync(1, "now\n");
}
