/**
 * `ouroboros list`: the logs on this machine.
 *
 * @module
 */

import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError, UnsupportedLogError } from "../errors.ts";
import { lookAt } from "../log/native/look.ts";
import { describeTarget, type LogTarget, openMemory, withName } from "../log/native/target.ts";
import { isSavedCopy } from "../ship/collection.ts";
import { sourcesArgument } from "./options/arguments.ts";
import { addOutputOptions } from "./options/common.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { groupsOf } from "./output/groups.ts";
import { jsonLines, oneLine } from "./output/harmless.ts";
import { agoWord, lastWriteOf } from "./output/last_write.ts";
import { Output } from "./output/output.ts";
import { formatSize } from "../base/sizes.ts";
import { table } from "./output/columns.ts";
import { warn } from "./output/warn.ts";
import { ExitError, explain } from "./process/exit.ts";
import { writerPids } from "./top/processes.ts";

const EXAMPLES = `
${PATTERN_HELP}
Logs of the slots of a name are one line, /app.{slot}: other commands take that,
too. WRITTEN is the time that the last entry says, ? if it says none. A writer is
alive if it holds the lock of its log; the C++ library takes no lock. "saved" is
a file of several logs, or a compressed one, which no writer can continue. Any
other file is "dead" if it has no writer.

Logs in files are listed if they are named; what is named must be there. On
Windows only logs that a program has open are listed; on macOS all logs must be
named.

Examples:
  ouroboros list
  ouroboros list -l '/app.*'
  ouroboros list --json | jq -r .[].name`;

/** A log, or why it can't be looked at. */
export interface ListedLog {
  name: string;
  size?: number;
  entries?: number;
  lastSequenceNumber?: number;
  /** When it was written last, in milliseconds since 1970, if that is known. */
  lastWrite?: number;
  writerAlive?: boolean;
  /** The process of its writer, where the system says it. */
  writerPid?: number;
  /** Whether its writer has finished it. */
  isFinished?: boolean;
  /** Whether it is a copy that `save` or `watch` made, as far as its bytes say so. */
  isSaved?: boolean;
  /** The version of its format, if that is why it can't be looked at. */
  version?: number;
  error?: string;
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("list")
    .description("List the logs in the shared memory of this machine.")
    .summary("list the logs of this machine")
    .alias("ls")
    .argument("[name...]", "the logs; all of this machine by default", sourcesArgument)
    .option("-l, --long", "print a line for each slot of a name");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(list);
}

async function list(
  names: LogTarget[],
  options: { output: "text" | "json"; long?: true },
): Promise<void> {
  const named = names.length > 0 ? new NamedLogs(names) : undefined;
  const logs = lookAtAll(named?.existing() ?? SharedMemory.list());
  const output = Output.standard();
  if (options.output === "json") output.write(jsonLines(logs));
  else if (logs.length > 0) {
    const head = ["NAME", "SIZE", "ENTRIES", "LAST", "WRITTEN", "PID", "WRITER"];
    const groups = options.long
      ? logs.map((log) => ({ name: log.name, members: [log] }))
      : groupsOf(logs);
    output.write(table([head, ...groups.map(groupRow)]));
  }
  await output.close();
  if (named !== undefined) sayMissing(named, logs);
}

/**
 * Says which logs that were named are not among those that were found: they must not be taken for ones that
 * are left out.
 *
 * @throws {ExitError} if there are any
 */
export function sayMissing(named: NamedLogs, logs: readonly { readonly name: string }[]): void {
  const found = new Set(logs.map(({ name }) => name));
  const missing = named.plain.filter((target) => !found.has(nameOf(target)));
  for (const target of missing) warn(explain(whyNot(target)));
  if (missing.length > 0) throw new ExitError(1);
}

/** Why there is nothing to list of a log that was named. */
function whyNot(target: LogTarget): unknown {
  try {
    using memory = openMemory(target, "read");
    lookAt(memory, target);
    return new SegmentNotFoundError(`${describeTarget(target)} has just appeared: try again`);
  } catch (error) {
    return withName(error, target);
  }
}

/** Looks at all that are logs. */
export function lookAtAll(targets: readonly LogTarget[]): ListedLog[] {
  const pids = writerPids();
  return targets.map((target) => look(target, pids)).filter((log) => log !== undefined);
}

function groupRow({ name, members }: { name: string; members: ListedLog[] }): (string | number)[] {
  if (members.length === 1) return row(members[0]);
  const sum = (of: (log: ListedLog) => number | undefined) =>
    members.reduce((all, log) => all + (of(log) ?? 0), 0);
  const written = Math.max(...members.map(({ lastWrite }) => lastWrite ?? -Infinity));
  const alive = members.filter(({ writerAlive }) => writerAlive).length;
  return [
    oneLine(name),
    formatSize(sum(({ size }) => size)),
    sum(({ entries }) => entries),
    sum(({ lastSequenceNumber }) => lastSequenceNumber),
    agoWord(written === -Infinity ? undefined : written),
    "",
    `${alive} of ${members.length} alive`,
  ];
}

function row(log: ListedLog): (string | number)[] {
  if (log.version !== undefined) {
    return [oneLine(log.name), "?", 0, 0, "?", "", `not known: format of version ${log.version}`];
  }
  if (log.error !== undefined) return [oneLine(log.name), "?", 0, 0, "?", "", log.error];
  const { name, size = 0, entries = 0, lastSequenceNumber = 0, lastWrite, writerAlive } = log;
  return [
    oneLine(name),
    formatSize(size),
    entries,
    lastSequenceNumber,
    agoWord(lastWrite),
    String(log.writerPid ?? ""),
    log.isFinished ? "finished" : log.isSaved ? "saved" : writerAlive ? "alive" : "dead",
  ];
}

/** Looks at a log; gives nothing if it is something else. */
function look(target: LogTarget, pids: ReadonlyMap<string, number>): ListedLog | undefined {
  const name = nameOf(target);
  try {
    using memory = openMemory(target, "read");
    // Before the look: one that finishes meanwhile is not dead.
    const writerAlive = memory.isLocked();
    const look = lookAt(memory, target);
    const { segmentSize: size, entries, total: lastSequenceNumber } = look;
    const writerPid = writerAlive ? pids.get(String(memory.identity.inode)) : undefined;
    const lastWrite = entries > 0 ? lastWriteOf(target) : undefined;
    return {
      name,
      size,
      entries,
      lastSequenceNumber,
      ...lastWrite !== undefined && { lastWrite },
      writerAlive,
      ...writerPid !== undefined && { writerPid },
      ...look.isFinished && { isFinished: true },
      ...isSavedCopy(memory) && { isSaved: true },
    };
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return;
    if (error instanceof UnsupportedLogError) {
      const { version } = error;
      return version === undefined ? undefined : { name, version, error: error.code };
    }
    // No log is as large as that.
    if (error instanceof RangeError) return;
    if (error instanceof OuroborosError) return { name, error: error.code };
    throw error;
  }
}
