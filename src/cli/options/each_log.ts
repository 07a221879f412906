/**
 * The same work for several logs at once, also for those that begin to match a pattern later.
 *
 * @module
 */

import { basename, join } from "node:path";
import { mkdirSync } from "node:fs";
import { delay } from "../../async.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { ClosedPipeError, type Output } from "../output/output.ts";
import { warn } from "../output/warn.ts";
import { ExitError, explain } from "../process/exit.ts";
import { type NamedLogs, nameOf } from "./named_logs.ts";

/** How often to look for logs that begin to match, in milliseconds. */
const LOOK_EVERY = 1000;

/** What is known of a log that is worked for. */
export interface LogState {
  /** Whether it began to match later. */
  readonly isNew: boolean;
  /** Whether it matched a pattern, and its name is gone. */
  isGone(): boolean;
}

/**
 * Does `work` for each log; the first that fails ends the others. It ends after all of them, or by `signal`:
 * with patterns only by that, unless `once` is set. Work that gives `"gone"` begins again if the name matches
 * again: what is removed must not be held forever.
 *
 * @throws {unknown} what one of them failed with
 */
export async function forEachLog(
  names: NamedLogs,
  { signal, once = false }: { signal: AbortSignal; once?: boolean | undefined },
  work: (target: LogTarget, signal: AbortSignal, state: LogState) => Promise<"gone" | void>,
): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const seen = new Set<string>();
  const named = new Set(names.plain.map(nameOf));
  let matching: ReadonlySet<string> | undefined;
  const running = new Set<Promise<void>>();
  let failure: { cause: unknown } | undefined;
  const start = (target: LogTarget, isNew: boolean) => {
    const name = nameOf(target);
    if (seen.has(name)) return;
    seen.add(name);
    const isGone = () => !named.has(name) && matching?.has(name) === false;
    const one = Promise.resolve().then(() => work(target, both, { isNew, isGone })).then((end) => {
      if (end === "gone") seen.delete(name);
    }).catch((cause) => {
      if (cause !== both.reason) failure ??= { cause };
      failed.abort();
    }).finally(() => running.delete(one));
    running.add(one);
  };
  for (const target of once ? names.existing() : names.find()) start(target, false);
  if (seen.size === 0) warn(`waiting for a log that matches ${names.patterns}`);
  while (names.hasPatterns && !once && !both.aborted) {
    await delay(LOOK_EVERY, { signal: both }).catch(() => {});
    const found = both.aborted ? undefined : names.matchingNow();
    if (found === undefined) continue;
    matching = new Set(found.map(nameOf));
    for (const target of found) start(target, true);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.cause;
}

/**
 * Does `work`, which prints, for one log after the other: one of several that fails is reported, and does not
 * keep the others from being seen.
 *
 * @throws {ExitError} at the end, if one of several has failed
 * @throws {unknown} what the only one failed with
 */
export async function oneByOne(
  targets: readonly LogTarget[],
  output: Output,
  work: (target: LogTarget, index: number) => Promise<void> | void,
): Promise<void> {
  let hasFailed = false;
  for (const [index, target] of targets.entries()) {
    try {
      await work(target, index);
    } catch (error) {
      if (targets.length === 1 || error instanceof ClosedPipeError) throw error;
      // After what came before it.
      await output.flush();
      warn(explain(error));
      hasFailed = true;
    }
  }
  await output.close();
  if (hasFailed) throw new ExitError(1);
}

/** What a log is called among files: its name without what has a meaning in a path. */
function fileNameOf(target: LogTarget): string {
  return basename(nameOf(target)).replace(/[^\w.@+-]/g, "_");
}

/** Gives each log a file in a folder, which is made. */
export function filesIn(
  folder: string,
  ending: string,
  fileOf: (target: LogTarget) => string = fileNameOf,
): (target: LogTarget) => string {
  mkdirSync(folder, { recursive: true });
  const owners = new Map<string, string>();
  return (target) => {
    const file = fileOf(target);
    const path = join(folder, file.endsWith(ending) ? file : file + ending);
    const name = nameOf(target);
    if ((owners.get(path) ?? name) !== name) {
      throw new RangeError(`${owners.get(path)} and ${name} would have the same file ${path}`);
    }
    owners.set(path, name);
    return path;
  };
}
