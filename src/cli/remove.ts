/**
 * `ouroboros remove`: removes logs.
 *
 * @module
 */

import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import { NativeUnavailableError, SegmentNotFoundError } from "../errors.ts";
import { livingWriter } from "../take_over.ts";
import { Segment } from "../log/segment.ts";
import { sourceOf } from "../log/native/source.ts";
import {
  describeTarget,
  type LogMemory,
  type LogTarget,
  openMemory,
  unlinkMemory,
  withName,
} from "../log/native/target.ts";
import { targetsArgument } from "./options/arguments.ts";
import { ExitError, explain } from "./process/exit.ts";
import { warn } from "./output/warn.ts";

const EXAMPLES = `
Readers that have a log open can read on in it.

Examples:
  ouroboros remove /app
  ouroboros remove /all /all.origin
  ouroboros remove --force /app     even if its writer is alive, or if it is not a log`;

/** Adds the command. */
export function addRemove(program: Command): void {
  program.command("remove")
    .description("Remove logs. A log whose writer is alive is kept.")
    .summary("remove logs")
    .argument("<name...>", "the logs", targetsArgument)
    .option("--force", "remove logs also if their writers are alive, and what is not a log")
    .addHelpText("after", EXAMPLES)
    .action(removeAll);
}

/** Removes what can be removed. */
function removeAll(targets: LogTarget[], options: { force?: true }): void {
  let isDone = true;
  for (const target of targets) {
    try {
      remove(target, options);
    } catch (error) {
      warn(explain(error));
      isDone = false;
    }
  }
  if (!isDone) throw new ExitError(1);
}

function noLog(target: LogTarget): SegmentNotFoundError {
  const what = typeof target === "string" ? "log named " : "";
  return new SegmentNotFoundError(`no ${what}${describeTarget(target)}`);
}

function remove(target: LogTarget, options: { force?: true }): void {
  if (typeof target === "string" && !SharedMemory.persists && SharedMemory.exists(target)) {
    throw new NativeUnavailableError(
      `log ${
        describeTarget(target)
      } can't be removed on this system: it goes when all have closed it`,
    );
  }
  if (options.force) {
    if (unlinkMemory(target)) return;
    throw noLog(target);
  }
  // Its lock is held until the name is gone, so that no writer takes it over in between.
  lockLog(target).remove();
}

/** Opens what is there, makes sure that it is a log, and takes the place of its writer. */
function lockLog(target: LogTarget): LogMemory {
  const memory = openMemory(target, "read");
  try {
    const { buffer, load } = sourceOf(memory, target, "auto");
    new Segment(buffer, load);
    const isOurs = memory.tryLock();
    if (!memory.isCurrent()) {
      throw noLog(target);
    }
    if (isOurs) return memory;
    throw livingWriter(`log ${describeTarget(target)}`, memory, "stop it, or use --force");
  } catch (error) {
    memory.close();
    throw withName(error, target);
  }
}
