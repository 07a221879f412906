/** `ouroboros watch` in tests: begun, ended; and what it, or a recorder, has saved. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ShmLogReader } from "../../mod.ts";
import { runCli, type RunningCli, startCli } from "./cli.ts";

/** Starts `watch`, which has looked at its logs then, or waits for some. */
export async function startWatch(...args: string[]): Promise<RunningCli> {
  const watch = startCli(["watch", ...args]);
  await watch.untilStderr((stderr) => /watching|waiting/.test(stderr));
  return watch;
}

/** Options of a `watch` that says ten times a second what it has seen. */
export const OFTEN = ["--summary", "0.1"] as const;

/** Waits until a `watch` that does so has seen so many triggers. */
export async function untilTriggers(watch: RunningCli, count: number): Promise<void> {
  await watch.untilStderr((stderr) => stderr.includes(`seen; ${count} trigger`));
}

/** Waits until a `watch` that does so has looked at writers again: it does that as often. */
export async function untilLooked(watch: RunningCli): Promise<void> {
  const summaries = () => watch.stderr.split(" seen; ").length;
  const before = summaries();
  await watch.untilStderr(() => summaries() >= before + 2);
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

/** The files in a folder, without what differs from run to run; and the texts in each. */
export function savedTexts(dir: string): { reasons: string[]; texts: string[][] } {
  const files = savedIn(dir);
  for (const file of files) assert.match(file, /^[\w.-]+-\d{8}T\d{6}\.\d{3}Z-[\w-]+\.log$/);
  return {
    reasons: files.map((file) => file.replace(/^.*Z-/, "").replace(/\.log$/, "")),
    texts: files.map((file) => {
      using reader = ShmLogReader.open({ path: join(dir, file) }, { strategy: "oldest" });
      return [...reader].map(({ text }) => text);
    }),
  };
}
