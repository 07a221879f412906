/**
 * What may come next on a command line, as the commands themselves say.
 *
 * @module
 */

import type { Argument, Command, Option } from "commander";
import { SharedMemory } from "../../../ffi/mod.ts";
import { hasMagic } from "../../log/native/look.ts";

/** Something that may come next. */
export interface Candidate {
  value: string;
  description: string;
}

/** All that may come next. */
export interface Candidates {
  values: Candidate[];
  /** Whether paths of files may, too. */
  files: boolean;
}

/** Stands for an empty word, where a shell can't pass one on. */
const EMPTY = ":empty";
// Whatever a shell could take for more than a word stays away: names may come from strangers.
const HARMLESS_NAME = /^[\w./@%+,=:-]+$/;
const ANYTHING: Candidates = { values: [], files: true };
const NOTHING: Candidates = { values: [], files: false };

/**
 * What may be the last of `words`, which is there in part or not at all; the first is the one after
 * the name of the program.
 */
export function complete(program: Command, words: readonly string[]): Candidates {
  // bash takes "--output=json" for three words.
  const joined = joinEquals(words);
  const last = joined[joined.length - 1] ?? "";
  const current = last === EMPTY ? "" : last;
  const { command, expects, position, isRest } = parse(program, joined.slice(0, -1));
  if (expects !== undefined) return matching(valuesOf(expects), current);
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && !isRest) {
    const option = optionsOf(command).find((one) => one.long === name);
    return option === undefined ? NOTHING : matching(valuesOf(option), value);
  }
  if (current.startsWith("-") && current !== "-" && !isRest) {
    return matching({ values: optionNames(command), files: false }, current);
  }
  if (command === program && position === 0) {
    return matching({ values: subcommands(program), files: false }, current);
  }
  const all = command.registeredArguments;
  const argument = all[position] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  if (argument === undefined) return NOTHING;
  // That of "run" is another program.
  const isOurs = argument.name() === "command" && command.name() === "help";
  return matching(
    isOurs ? { values: subcommands(program), files: false } : valuesOf(argument),
    current,
  );
}

/** Lines for the script of a shell: a candidate and its description, with a tab in between. */
export function completionLines({ values, files }: Candidates): string {
  return values.map(({ value, description }) => `${value}\t${description}\n`).join("") +
    (files ? ":files\n" : "");
}

/** The command that words lead to, how many arguments it has got, and which option wants a value. */
function parse(program: Command, words: readonly string[]): {
  command: Command;
  expects: Option | undefined;
  position: number;
  isRest: boolean;
} {
  let command = program;
  let expects: Option | undefined;
  let position = 0;
  let isRest = false;
  for (const word of words) {
    if (expects !== undefined) expects = undefined;
    else if (isRest) position++;
    else if (word === "--") isRest = true;
    else if (word.startsWith("-") && word !== "-") {
      const option = optionsOf(command).find((one) => one.long === word || one.short === word);
      if (option?.required) expects = option;
    } else {
      const found = command === program && position === 0
        ? visibleCommands(program).find((one) => one.name() === word) ??
          program.commands.find((one) => one.name() === word || one.aliases().includes(word))
        : undefined;
      if (found === undefined) position++;
      else command = found;
    }
  }
  return { command, expects, position, isRest };
}

function joinEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const isValue = words[i] === "=" && joined.at(-1)?.startsWith("--");
    if (isValue) joined[joined.length - 1] += `=${words[++i] ?? ""}`;
    else joined.push(words[i]);
  }
  return joined;
}

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

function optionNames(command: Command): Candidate[] {
  return optionsOf(command).flatMap(({ long, short, description }) =>
    [long, short].filter((name) => name !== undefined).map((value) => ({ value, description }))
  );
}

/** Those of the list, and `help`. */
function visibleCommands(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

function subcommands(program: Command): Candidate[] {
  return visibleCommands(program).map((command) => ({
    value: command.name(),
    description: command.summary() || command.description(),
  }));
}

/** What an option or an argument may be, as far as it can be known. */
function valuesOf(what: Option | Argument): Candidates {
  const { argChoices } = what;
  if (argChoices !== undefined) {
    return {
      values: argChoices.map((value) => ({ value, description: "" })),
      files: false,
    };
  }
  const kind = "flags" in what ? /[<[]([\w-]+)/.exec(what.flags)?.[1] : what.name();
  if (kind === "name" || kind === "names") return { values: logNames(), files: true };
  return ["file", "path", "folder", "output", "command"].includes(kind ?? "") ? ANYTHING : NOTHING;
}

/** The logs in the shared memory of this machine. */
function logNames(): Candidate[] {
  return SharedMemory.list().filter((name) => HARMLESS_NAME.test(name) && hasMagic(name))
    .map((value) => ({ value, description: "log" }));
}

/** Those that begin like `current`; logs without their slash if that is how it begins, and allowed. */
function matching({ values, files }: Candidates, current: string): Candidates {
  const bare = current !== "" && !current.startsWith("/");
  const found = values.map((one) => {
    const isBare = bare && one.description === "log" && one.value.startsWith("/") &&
      SharedMemory.normalizeName(one.value.slice(1)) === one.value;
    return isBare ? { ...one, value: one.value.slice(1) } : one;
  });
  return { values: found.filter(({ value }) => value.startsWith(current)), files };
}
