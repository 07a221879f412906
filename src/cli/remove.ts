/**
 * `ouroboros remove`: removes logs.
 *
 * @module
 */

import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  NativeUnavailableError,
  OuroborosError,
  SegmentNotFoundError,
  WriterLockedError,
} from "../errors.ts";
import { livingWriter } from "../take_over.ts";
import { Segment } from "../log/segment.ts";
import { sourceOf } from "../log/native/source.ts";
import {
  describeTarget,
  type LogTarget,
  openMemory,
  unlinkMemory,
  withName,
  type WritableMemory,
} from "../log/native/target.ts";
import { UnpackedFile } from "../log/native/unpacked_file.ts";
import { hasMagic } from "../log/native/look.ts";
import { originTarget } from "../ship/origin.ts";
import { durationArgument, targetsArgument } from "./options/arguments.ts";
import { addOutputOptions } from "./options/common.ts";
import { NamedLogs, nameOf } from "./options/named_logs.ts";
import { usageError } from "./options/subcommand.ts";
import { jsonLines } from "./output/harmless.ts";
import { lastChangeOf } from "./output/last_write.ts";
import { Output } from "./output/output.ts";
import { ExitError, explain } from "./process/exit.ts";
import { counted, warn } from "./output/warn.ts";

const EXAMPLES = `
Readers that have a log open can continue in it.
A <name> may be a pattern, quoted: '/app.*', '/app.[0-3]', './logs/*.log'.

A log is dead if no writer holds its lock; the C++ library takes no lock.
--older-than looks at the time of the last entry, and of a log without entries at
when it was made: a log whose entries say no time is kept. With --dead it is no
error if there is nothing to remove. --json prints an object for each log: whether
it was removed, and if not why.

Examples:
  ouroboros remove /app
  ouroboros remove --dead --older-than 7d '/app.*'
  ouroboros remove /all /all.origin
  ouroboros remove --force /app     even if its writer is alive, or if it is not a log`;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("remove")
    .description("Remove logs. A log whose writer is alive is kept.")
    .summary("remove logs")
    .argument("<name...>", "the logs", targetsArgument)
    .option("--dead", "pass over logs whose writers are alive")
    .option(
      "--older-than <time>",
      "with --dead: only logs that were written last so long ago: 12h, 7d",
      durationArgument,
    )
    .option("--force", "remove logs also if their writers are alive, and what is not a log");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(removeAll);
}

interface RemoveOptions {
  force?: true;
  dead?: true;
  olderThan?: number;
  output: "text" | "json";
}

/** What happened to a log. */
interface Result {
  name: string;
  removed: boolean;
  /** Why it is still there, with --dead: its writer is alive, it is too new, or its age is not known. */
  kept?: "alive" | "new" | "untimed";
  /** The code of the error that kept it, and its text. */
  error?: string;
  message?: string;
}

/** Removes what can be removed. */
async function removeAll(
  names: LogTarget[],
  options: RemoveOptions,
  command: Command,
): Promise<void> {
  const { dead, force, olderThan, output: format } = options;
  const wrong = olderThan !== undefined && !dead
    ? "--older-than is for dead logs: add --dead"
    : dead && force
    ? "--force removes logs that are alive, and --dead does not: leave out one of them"
    : undefined;
  if (wrong !== undefined) usageError(command, wrong);
  // A name must not remove what it does not name.
  const logs = new NamedLogs(names, { slots: false });
  const matching = logs.matching();
  if (!dead) logs.existing();
  const results: Result[] = [];
  for (const target of [...logs.plain, ...matching]) {
    let name = nameOf(target);
    try {
      const kept = dead ? removeDead(target, olderThan) : remove(target, options);
      results.push({ name, removed: kept === undefined, ...kept !== undefined && { kept } });
      if (kept !== undefined || !matching.includes(target)) continue;
      // What a receiver keeps beside a log that it writes.
      const beside = originTarget(target);
      name = nameOf(beside);
      if (hasMagic(beside)) remove(beside, options);
    } catch (error) {
      // Another command may have been quicker.
      if (dead && error instanceof SegmentNotFoundError) continue;
      const message = explain(error);
      warn(message);
      const code = error instanceof OuroborosError ? { error: error.code } : {};
      results.push({ name, removed: false, ...code, message });
    }
  }
  if (format === "json") {
    const output = Output.standard();
    for (const result of results) output.write(jsonLines(result));
    await output.close();
  } else if (dead) {
    warn(`${counted(results.filter(({ removed }) => removed).length, "log")} removed`);
  }
  if (results.some(({ message }) => message !== undefined)) throw new ExitError(1);
}

/** Removes a log unless its writer is alive, or it was written lately; returns why it was kept. */
export function removeDead(target: LogTarget, olderThan: number | undefined): Result["kept"] {
  const whyKept = () => {
    if (olderThan === undefined) return undefined;
    const written = lastChangeOf(target);
    if (written === undefined) return "untimed";
    return Date.now() - written < olderThan ? "new" : undefined;
  };
  try {
    // Before its lock is taken, which would be in the way of its next writer. And then once more: one may
    // have come and gone meanwhile.
    const kept = whyKept() ?? remove(target, {}, whyKept);
    if (kept === "untimed") {
      warn(`log ${describeTarget(target)} is kept: its last entries say no time`);
    }
    return kept;
  } catch (error) {
    if (error instanceof WriterLockedError) return "alive";
    throw error;
  }
}

function noLog(target: LogTarget): SegmentNotFoundError {
  const what = typeof target === "string" ? "log named " : "";
  return new SegmentNotFoundError(`no ${what}${describeTarget(target)}`);
}

/** Removes a log, unless `whyKept` says why not, asked when it can have no other writer; returns that. */
function remove(
  target: LogTarget,
  options: { force?: true },
  whyKept: () => Result["kept"] = () => undefined,
): Result["kept"] {
  if (typeof target === "string" && !SharedMemory.persists && SharedMemory.exists(target)) {
    throw new NativeUnavailableError(
      `log ${
        describeTarget(target)
      } can't be removed on this system: it goes when all have closed it`,
    );
  }
  if (options.force) {
    if (!unlinkMemory(target)) throw noLog(target);
    return undefined;
  }
  // Its lock is held until the name is gone, so that no writer takes it over in between.
  const memory = lockLog(target);
  try {
    const kept = whyKept();
    if (kept === undefined) memory.remove();
    return kept;
  } finally {
    memory.close();
  }
}

/** Opens what is there, makes sure that it is a log, and takes the place of its writer. */
function lockLog(target: LogTarget): WritableMemory {
  const opened = openMemory(target, "read");
  const memory = opened instanceof UnpackedFile ? opened.packed! : opened;
  try {
    const { buffer, load } = sourceOf(opened, target, "auto");
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
