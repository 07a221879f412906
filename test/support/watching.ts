/** `ouroboros watch` in tests: begun, ended, and what it has saved. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { runCli, type RunningCli, startCli } from "./cli.ts";

/** Starts `watch`, which has looked at its logs then, or waits for some. */
export async function startWatch(...args: string[]): Promise<RunningCli> {
  const watch = startCli(["watch", ...args]);
  await watch.untilStderr((stderr) => /watching|waiting/.test(stderr));
  return watch;
}

/** Ends `watch` by Ctrl-C; what it said. */
export async function endWatch(watch: RunningCli): Promise<string> {
  watch.signal("SIGINT");
  const { code, stderr } = await watch.ended();
  assert.equal(code, 0, stderr);
  return stderr;
}

/** What was saved into a folder, by name. */
export function savedIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).filter((name) => name[0] !== ".").sort() : [];
}

/** The records of a saved file. */
export function recordsOf(path: string): Record<string, unknown>[] {
  return runCli(["tail", "--all", "-o", "text", "--no-prefix", path]).stdout.trimEnd().split("\n")
    .map((text) => JSON.parse(text));
}
