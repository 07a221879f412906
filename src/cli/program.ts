/**
 * The commands put together, and what becomes of their errors.
 *
 * @module
 */

import process from "node:process";
import { Command, CommanderError } from "commander";
import config from "../../deno.json" with { type: "json" };
import { addCompletions } from "./completions.ts";
import { addDump } from "./dump.ts";
import { addForward } from "./forward.ts";
import { addGenerate } from "./generate.ts";
import { addHelp } from "./help.ts";
import { complete, completionLines } from "./help/complete.ts";
import { addList } from "./list.ts";
import { harmless } from "./output/harmless.ts";
import { ClosedPipeError } from "./output/output.ts";
import { ExitError, explain } from "./process/exit.ts";
import { warn, withoutPasswords } from "./output/warn.ts";
import { addReceive } from "./receive.ts";
import { addRecord } from "./record.ts";
import { addRemove } from "./remove.ts";
import { addReplay } from "./replay.ts";
import { addSave } from "./save.ts";
import { addServe } from "./serve.ts";
import { addStat } from "./stat.ts";
import { addTail } from "./tail.ts";
import { addTop } from "./top.ts";
import { addVerify } from "./verify.ts";
import { addWrite } from "./write.ts";

const EXAMPLES = `
Examples:
  app | ouroboros write /app --tee      lines of an application become entries
  ouroboros tail -f /app                follow them from another process
  ouroboros stat /app                   look at chunks, numbers, damage

A NAME like /app is shared memory; one with a slash further on, like ./app.log, is a file. What
reads takes app.log for a file, too, if there is one and no log of that name.
"ouroboros COMMAND --help" says more about each.`;

/** In the order of the help. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  addWrite,
  addTail,
  addDump,
  addRecord,
  addReplay,
  addSave,
  addVerify,
  addStat,
  addList,
  addTop,
  addServe,
  addForward,
  addReceive,
  addRemove,
  addGenerate,
  addCompletions,
  addHelp,
];

/** Other programs that show what is in a file, whose names are like those of other commands. */
const SHOWS = /^(error: unknown command '(?:cat|head|less|more|follow|view|logs)')(?:\n.*)?$/m;

function suggestTail(error: string): string {
  return error.replace(SHOWS, "$1\n(Did you mean tail?)");
}

/** The program with all its commands. */
export function createProgram(): Command {
  const program = new Command("ouroboros")
    .description("A rotating log in shared memory: one writer, many readers.")
    .version(config.version)
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    // What it complains of may be a name that a shell completed, or a script passed on.
    .configureOutput({
      outputError: (text, write) => write(harmless(withoutPasswords(suggestTail(text)))),
    })
    .exitOverride();
  for (const add of COMMANDS) add(program);
  return program;
}

/**
 * Runs a command line.
 *
 * @param argv the arguments after the name of the program
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function main(argv: string[]): Promise<number> {
  const program = createProgram();
  try {
    if (argv[0] === "__complete") {
      // Asked by the script of a shell; before the parser, which takes half a line for a mistake.
      process.stdout.write(completionLines(complete(program, argv.slice(1))));
    } else await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    // The parser has said what is wrong by then.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ClosedPipeError) return 0;
    if (error instanceof ExitError) return error.exitCode;
    warn(explain(error));
    return 1;
  }
}
