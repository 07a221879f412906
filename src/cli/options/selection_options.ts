/**
 * The options by which commands select entries, the same ones for all of them.
 *
 * @module
 */

import type { Command } from "commander";
import { levelArgument, momentArgument, patternArgument } from "./arguments.ts";

/** What the help of a command with these options says. */
export const SELECTION_HELP: string =
  "Times and levels are those in JSON lines of pino, LogTape, winston, OpenTelemetry and the like, and\n" +
  'at the beginning of text: "2026-11-21T13:59:30Z [info] …". An entry without a time has that of the\n' +
  "entry before; one without a level passes --level, as it may be a part of one that has.";

/** Adds the options; what they give are the `Criteria` of a `Selection`. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option("--since <time>", "from then on: 10m, 2h, 1d (ago), 14:30, or ISO 8601", momentArgument)
    .option("--until <time>", "up to then", momentArgument)
    .option("-p, --level <level>", "records of at least this level: trace … fatal", levelArgument)
    .option("--grep <regexp>", "only entries whose text matches", patternArgument);
}
