/**
 * `ouroboros list`: the logs on this machine.
 *
 * @module
 */

import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError, UnsupportedLogError } from "../errors.ts";
import { lookAt } from "../log/native/look.ts";
import { addOutputOptions } from "./options/common.ts";
import { harmlessJson, oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { formatSize } from "../base/sizes.ts";
import { table } from "./output/columns.ts";

const EXAMPLES = `
Logs in files are not listed. On Windows only logs that a program has open are
listed, on macOS none.

Examples:
  ouroboros list
  ouroboros list --json | jq -r .[].name`;

/** A log, or why it can't be looked at. */
interface ListedLog {
  name: string;
  size?: number;
  entries?: number;
  lastSequenceNumber?: number;
  writerAlive?: boolean;
  /** Whether its writer has finished it. */
  isFinished?: boolean;
  /** The version of its format, if that is why it can't be looked at. */
  version?: number;
  error?: string;
}

/** Adds the command. */
export function addList(program: Command): void {
  const command = program.command("list")
    .description("List the logs in the shared memory of this machine.")
    .summary("list the logs of this machine");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(list);
}

async function list(options: { output: "text" | "json" }): Promise<void> {
  const logs = SharedMemory.list().map(look).filter((log) => log !== undefined);
  const output = Output.standard();
  if (options.output === "json") output.write(`${harmlessJson(JSON.stringify(logs, null, 2))}\n`);
  else if (logs.length > 0) {
    output.write(table([["NAME", "SIZE", "ENTRIES", "LAST", "WRITER"], ...logs.map(row)]));
  }
  await output.close();
}

function row(log: ListedLog): (string | number)[] {
  if (log.version !== undefined) {
    return [oneLine(log.name), "?", 0, 0, `not known: format of version ${log.version}`];
  }
  if (log.error !== undefined) return [oneLine(log.name), "?", 0, 0, log.error];
  const { name, size = 0, entries = 0, lastSequenceNumber = 0, writerAlive, isFinished } = log;
  return [
    oneLine(name),
    formatSize(size),
    entries,
    lastSequenceNumber,
    isFinished ? "finished" : writerAlive ? "alive" : "-",
  ];
}

/** Looks at a segment; gives nothing if it is something else than a log. */
function look(name: string): ListedLog | undefined {
  try {
    using memory = SharedMemory.open(name);
    const look = lookAt(memory, name);
    const { segmentSize: size, entries, total: lastSequenceNumber } = look;
    const writerAlive = memory.isLocked();
    const end = look.isFinished ? { isFinished: look.isFinished } : {};
    return { name, size, entries, lastSequenceNumber, writerAlive, ...end };
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
