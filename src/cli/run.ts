/**
 * `ouroboros run`: a program recorded, as it runs.
 *
 * @module
 */

import { basename } from "node:path";
import { type Command, Option } from "commander";
import type { LogTarget } from "../log/native/target.ts";
import { describeEnding } from "../recorder/ending.ts";
import { hasTerminals, runProgram, type RunResult, type SaveOn } from "../recorder/run.ts";
import { parsePattern } from "../records/pattern/syntax.ts";
import { patternsArgument, sizeArgument, targetArgument } from "./options/arguments.ts";
import { usageError } from "./options/subcommand.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";

const EXAMPLES = `
Each line of standard output and standard error is recorded with its time and
stream, and passed on unchanged. The last entry says how the program ended: its
exit code or signal, core dump, run time, CPU time, memory. The exit code is
that of the program; 128 + n after signal n; 127 if there is no such program,
126 if it can't be run. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and
SIGWINCH are passed to the program. It is not started again.

{slot} in the name is the lowest number that no running process has. The log
stays: "ouroboros tail" reads it, also while the program runs. If the log can't
be made, the program runs without it.

--tty, on Linux, gives the program a terminal in place of pipes: colors, lines at
once, keys and Ctrl-C as usual; standard error is then recorded as stdout, too.

If this command itself is killed (kill -9), the program meets a closed pipe at
its next line, and the log has what was printed before.

Examples:
  ouroboros run -- node app.js
  ouroboros run --log /app.{slot} --size 64MiB --save /var/crash -- node app.js
  ouroboros run --tty -- bash
  ouroboros run --mask 'token=\\S+' -- ./server
  ouroboros tail -f /app.0 --stream stderr`;

interface RunCommandOptions {
  log?: LogTarget;
  size?: number;
  save?: string;
  saveOn?: SaveOn;
  quiet?: true;
  tty?: true;
  mask?: string[];
}

/** Adds the command. */
export function addTo(program: Command): void {
  program.command("run")
    .description("Run a program, and record what it prints and how it ends.")
    .summary("run a program, and record what it prints and how it ends")
    .argument("<command...>", "the program and its arguments")
    .option(
      "--log <name>",
      "the log (default: /PROGRAM.{slot})",
      targetArgument,
    )
    .option("--size <bytes>", "size of a new log: 64MiB (default: 16 MiB or less)", sizeArgument)
    .option("--save <folder>", "save the log into this folder when the program crashes")
    .addOption(
      new Option("--save-on <when>", "when to save (default: crash)")
        .choices(["crash", "always", "never"]),
    )
    .option("-q, --quiet", "record only: print nothing of the program")
    .option("-t, --tty", "give the program a terminal (on Linux)")
    .option(
      "--mask <pattern>",
      "record *** in place of what matches a regular expression; may be repeated",
      patternsArgument,
    )
    .passThroughOptions()
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(words: string[], options: RunCommandOptions, command: Command): Promise<void> {
  const { save, saveOn, size, quiet, tty, mask } = options;
  if (saveOn !== undefined && save === undefined) {
    usageError(command, "--save-on needs a folder: --save <folder>");
  }
  if (tty && !hasTerminals()) {
    usageError(
      command,
      "--tty: programs can be given terminals on Linux only. Leave it out: the program gets pipes",
    );
  }
  const name = basename(words[0]).replace(/\.exe$/, "").replace(/[^\w.-]/g, "_");
  const result = await runProgram({
    command: words,
    target: options.log ?? `/${name}.{slot}`,
    ...size !== undefined && { log: { size } },
    ...save !== undefined && { save },
    ...saveOn !== undefined && { saveOn },
    isQuiet: quiet ?? false,
    hasTerminal: tty ?? false,
    ...mask !== undefined && { mask: masker(mask) },
    onWarning: warn,
  });
  report(result);
  throw new ExitError(result.exitCode);
}

/** Says what was saved, in one line; and why a program did not start. */
function report({ ending, saved, lastError }: RunResult): void {
  if (saved !== undefined) {
    const error = lastError === undefined ? "" : `; last error: ${lastError}`;
    warn(
      `${describeEnding(ending)}: ${entryCount(saved.entries)} saved in ${saved.path}${error}`,
    );
  } else if (ending.notStarted !== undefined) warn(ending.notStarted);
}

/** What replaces all that matches. */
function masker(patterns: readonly string[]): (text: string) => string {
  const all = patterns.map((text) => {
    const { source, flags } = parsePattern(text);
    return new RegExp(source, `${flags}g`);
  });
  return (text) => all.reduce((rest, pattern) => rest.replace(pattern, "***"), text);
}
