/**
 * `ouroboros help`: the manual.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { type Command, CommanderError } from "commander";
import pc from "picocolors";
import { manualPage } from "./help/manual.ts";
import { oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { mayHaveColors } from "./output/output_colors.ts";

const EXAMPLES = `
Examples:
  ouroboros help
  ouroboros help tail`;

/** Longer lines are hard to read. */
const WIDEST = 90;

/** Adds the command, which knows all the others. */
export function addHelp(program: Command): void {
  program.helpCommand(false);
  program.command("help")
    .description("show the manual of the program or of a command")
    .argument("[command]", "the command")
    .addHelpText("after", EXAMPLES)
    .action((name?: string) => help(program, name));
}

async function help(program: Command, name: string | undefined): Promise<void> {
  const command = name === undefined
    ? program
    : program.commands.find((one) => one.name() === name || one.aliases().includes(name));
  if (command === undefined) {
    process.stderr.write(`error: unknown command '${oneLine(name ?? "")}'\n`);
    throw new CommanderError(1, "commander.unknownCommand", `unknown command '${name}'`);
  }
  const { stdout } = process;
  const page = manualPage(program, command, Math.min(stdout.columns || 80, WIDEST));
  if (!stdout.isTTY) return print(page);
  const colors = pc.createColors(mayHaveColors);
  const styled = page.replace(/^[A-Z].*$/gm, (title) => colors.bold(title));
  if (!await paged(styled)) await print(styled);
}

async function print(text: string): Promise<void> {
  const output = Output.standard();
  output.write(text);
  await output.close();
}

/** Shows a text in the user's pager; gives whether that could be done. */
function paged(text: string): Promise<boolean> {
  const isWindows = process.platform === "win32";
  const pager = process.env.PAGER ?? (isWindows ? "" : "less");
  if (pager.trim() === "") return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(pager, {
      shell: true,
      stdio: ["pipe", "inherit", "inherit"],
      // Colours as they are; no pager for what fits the screen.
      env: { ...process.env, LESS: process.env.LESS ?? "FRX" },
    });
    // Who leaves the pager early has read enough.
    child.stdin.on("error", () => {});
    child.once("error", () => resolve(false));
    // Ctrl-C is for the pager.
    const ignore = () => {};
    process.on("SIGINT", ignore);
    child.once("close", (code) => {
      process.removeListener("SIGINT", ignore);
      // The shell says so when there is no such program; that of Windows says nothing but "failed".
      resolve(isWindows ? code === 0 : code !== 127 && code !== 126);
    });
    child.stdin.end(text);
  });
}
