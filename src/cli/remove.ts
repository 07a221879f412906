/**
 * `ouroboros remove`: removes logs.
 *
 * @module
 */

import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import { NativeUnavailableError, SegmentNotFoundError, WriterLockedError } from "../errors.ts";
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

function remove(target: LogTarget, options: { force?: true }): void {
  if (typeof target === "string" && !SharedMemory.persists && SharedMemory.exists(target)) {
    throw new NativeUnavailableError(
      `segment ${describeTarget(target)} can't be removed here: it goes when all have closed it`,
    );
  }
  if (options.force) {
    if (unlinkMemory(target)) return;
    throw new SegmentNotFoundError(`there is no log ${describeTarget(target)}`);
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
      throw new SegmentNotFoundError(`there is no log ${describeTarget(target)} any more`);
    }
    if (isOurs) return memory;
    throw new WriterLockedError(`log ${describeTarget(target)} has a writer that is alive`);
  } catch (error) {
    memory.close();
    throw withName(error, target);
  }
}
