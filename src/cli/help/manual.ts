/**
 * The pages of the manual, made of what the commands say of themselves.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Argument, Command, Option } from "commander";

const INDENT = "       ";

const EXIT_STATUS = `0  done
1  failed; verify: the log is damaged
2  wrong usage
A command that a signal ends puts its things in order first; a second signal ends it at once.`;

const FILES = `/dev/shm/NAME
    Where Linux keeps the log /NAME, in memory: it is gone after a reboot.
./FILE
    A log in a file: any path with a slash after its first character.`;

const ENVIRONMENT = `NO_COLOR, FORCE_COLOR
    No colours in any case; colours where standard output is no terminal, too.
NATS_URL, NATS_USER, NATS_PASSWORD, NATS_TOKEN
    The NATS server for forward and receive where none is said, and who we are there.
PAGER
    What shows these pages in a terminal; less if it is not set, and on Windows nothing.`;

/** The page of the program, or of one of its commands, in lines of up to `width` characters. */
export function manualPage(program: Command, command: Command, width: number): string {
  const isProgram = command === program;
  const name = isProgram ? program.name() : `${program.name()} ${command.name()}`;
  const { prose, examples } = afterHelp(command);
  const help = command.createHelp();
  const items: [title: string, body: string][] = [
    ["NAME", `${name.replace(" ", "-")} - ${lower(command.description())}`],
    ["SYNOPSIS", isProgram ? `${name} COMMAND [ARGUMENT]...` : synopsis(name, command)],
    ["DESCRIPTION", prose],
  ];
  if (isProgram) {
    items.push([
      "COMMANDS",
      help.visibleCommands(program).map((one) => term(one.name(), one.description(), width)).join(
        "\n",
      ),
    ]);
  }
  if (command.registeredArguments.length > 0) {
    const all = command.registeredArguments.map((one) =>
      term(placeholder(one), one.description, width)
    );
    items.push(["ARGUMENTS", all.join("\n")]);
  }
  items.push([
    "OPTIONS",
    help.visibleOptions(command).map((one) => term(one.flags, optionText(one), width)).join("\n"),
  ]);
  items.push(["EXIT STATUS", EXIT_STATUS], ["FILES", FILES]);
  if (isProgram) items.push(["ENVIRONMENT", ENVIRONMENT]);
  items.push(["EXAMPLES", examples]);
  if (!isProgram) items.push(["SEE ALSO", `${program.name()} help, ${name} --help`]);
  return items.filter(([, body]) => body !== "").map(([title, body]) => {
    // What is to be copied stays in its line.
    return `${title}\n${indented(body, title === "EXAMPLES" ? Infinity : width)}\n`;
  }).join("\n");
}

/** What stands after the options in `--help`: examples, and everything else. */
function afterHelp(command: Command): { prose: string; examples: string } {
  let text = "";
  const context = { error: false, command, write: (part: string) => text += part };
  // A command is an emitter: this is how it asks for what addHelpText() has added.
  (command as unknown as EventEmitter).emit("afterHelp", context);
  const blocks = text.trim().split(/\n\n+/);
  const isExample = (block: string) => block.startsWith("Examples:\n");
  return {
    // One line a paragraph, to be wrapped anew.
    prose: blocks.filter((block) => !isExample(block)).map((one) => one.replaceAll("\n", " "))
      .join("\n\n"),
    examples: blocks.filter(isExample).join("\n").replace(/^Examples:\n/, "")
      .replace(/^ {2}/gm, ""),
  };
}

function synopsis(name: string, command: Command): string {
  const required = command.options.filter((option) => option.mandatory).map((one) => one.flags);
  const parts = [name, ...required, "[OPTION]...", ...command.registeredArguments.map(placeholder)];
  return parts.join(" ");
}

function placeholder(argument: Argument): string {
  const name = argument.name().toUpperCase() + (argument.variadic ? "..." : "");
  return argument.required ? name : `[${name}]`;
}

function optionText({ description, argChoices, defaultValue, negate }: Option): string {
  const facts: string[] = [];
  if (argChoices !== undefined) facts.push(`one of ${argChoices.join(", ")}`);
  const isSaid = defaultValue !== undefined && !negate && typeof defaultValue !== "boolean";
  if (isSaid) facts.push(`default ${defaultValue}`);
  return facts.length > 0 ? `${description} (${facts.join("; ")})` : description;
}

/** A term, and what it means below it. */
function term(name: string, meaning: string, width: number): string {
  return `${name}\n${wrapped(meaning, width - INDENT.length - 4).replace(/^/gm, "    ")}`;
}

function indented(text: string, width: number): string {
  return text.split("\n").map((line) => line === "" ? "" : wrapped(line, width - INDENT.length))
    .join("\n").replace(/^(?=.)/gm, INDENT);
}

/** A line as several that are no longer than `width`, unless a word is, or it is indented. */
function wrapped(line: string, width: number): string {
  if (line.length <= width || line.startsWith(" ")) return line;
  const lines: string[] = [""];
  for (const word of line.split(" ")) {
    const last = lines[lines.length - 1];
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
