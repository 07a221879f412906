/**
 * The commands put together, and what becomes of their errors.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import config from "../../deno.json" with { type: "json" };
import { OuroborosError } from "../errors.ts";
import { addDump } from "./dump.ts";
import { addGenerate } from "./generate.ts";
import { addList } from "./list.ts";
import { ClosedPipeError } from "./output.ts";
import { addRemove } from "./remove.ts";
import { addServe } from "./serve.ts";
import { addStat } from "./stat.ts";
import { addTail } from "./tail.ts";
import { warn } from "./warn.ts";
import { addWrite } from "./write.ts";

const EXAMPLES = `
Examples:
  app | ouroboros write /app --tee      lines of an application become entries
  ouroboros tail -f /app                follow them from another process
  ouroboros stat /app                   look at chunks, numbers, damage

A NAME like /app is shared memory; one with a slash further on, like ./app.log, is a file.
"ouroboros COMMAND --help" says more about each.`;

/**
 * Runs a command line.
 *
 * @param argv the arguments after the name of the program
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function main(argv: string[]): Promise<number> {
  const program = new Command("ouroboros")
    .description("A rotating log in shared memory: one writer, many readers.")
    .version(config.version)
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride();
  const commands = [
    addWrite,
    addTail,
    addServe,
    addDump,
    addStat,
    addList,
    addRemove,
    addGenerate,
  ];
  for (const add of commands) add(program);
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    // The parser has said what is wrong by then.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ClosedPipeError) return 0;
    warn(explain(error));
    return 1;
  }
}

/** One line for what the world did to us; for a mistake of our own, where it happened, too. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof OuroborosError || error instanceof RangeError ||
    "code" in error;
  return isExpected ? error.message : error.stack ?? error.message;
}
