/**
 * `ouroboros remove`: removes a log.
 *
 * @module
 */

import type { Command } from "commander";
import { SegmentNotFoundError, WriterLockedError } from "../errors.ts";
import { Segment } from "../log/segment.ts";
import {
  describeTarget,
  type LogMemory,
  type LogTarget,
  openMemory,
  unlinkMemory,
} from "../shm_log/target.ts";
import { targetArgument } from "./arguments.ts";

const EXAMPLES = `
Examples:
  ouroboros remove /app
  ouroboros remove --force /app   even while its writer is alive, or though it is no log

Readers that have the log open keep what they have.`;

/** Adds the command. */
export function addRemove(program: Command): void {
  program.command("remove")
    .description("remove a log, unless its writer is alive")
    .argument("<name>", "the log", targetArgument)
    .option("--force", "in any case")
    .addHelpText("after", EXAMPLES)
    .action(remove);
}

function remove(target: LogTarget, options: { force?: true }): void {
  // Held until the name is gone, so that no writer takes it over in between.
  using _lock = options.force ? undefined : lockLog(target);
  if (!unlinkMemory(target)) {
    throw new SegmentNotFoundError(`there is no log ${describeTarget(target)}`);
  }
}

/** Opens what is there, makes sure that it is a log, and takes the place of its writer. */
function lockLog(target: LogTarget): LogMemory {
  const memory = openMemory(target, "read");
  try {
    new Segment(memory.buffer);
    if (memory.tryLock()) return memory;
    throw new WriterLockedError(`log ${describeTarget(target)} has a writer that is alive`);
  } catch (error) {
    memory.close();
    throw error;
  }
}
