/**
 * The commands put together, and how their errors are shown.
 *
 * @module
 */

import os from "node:os";
import {
  type Argument,
  Command,
  CommanderError,
  type HelpConfiguration,
  type Option,
} from "commander";
import pc from "picocolors";
import { system } from "../../ffi/current_system.ts";
import config from "../../deno.json" with { type: "json" };
import { archives } from "../log/native/unpacked_file.ts";
import { Subcommand } from "./options/subcommand.ts";
import { harmless } from "./output/harmless.ts";
import { ClosedPipeError, Output } from "./output/output.ts";
import { ExitError, explain } from "./process/exit.ts";
import { warn, withoutPasswords } from "./output/warn.ts";
import { checkHoldsNoEvents } from "./files/event_entries.ts";
import type { LogTarget } from "../log/native/target.ts";
import { keepStandardInput } from "./files/source_bytes.ts";
import { isStandardInput } from "./options/log_targets.ts";

const IS_DENO = "Deno" in globalThis;

const EXAMPLES = `
A name like /app is shared memory, which is gone after a reboot. A path like
./app.log or /var/log/app.log is a file.

Examples:
  app | ouroboros write /app        write what an application prints to a log
  ouroboros tail -f /app            print the log in another terminal, and follow it
  ouroboros tail /app --since 10m -p warn

Exit codes: 0 done, 1 failed, 2 wrong usage. "ouroboros COMMAND --help"
describes a command. NO_COLOR=1 turns colors off.`;

/** What the file of a command exports. */
interface CommandFile {
  addTo(program: Command): void;
}

/**
 * The commands in the order of the help, in groups, with their aliases. Each is loaded when it is named:
 * all of them are three hundred files, of which most commands need half.
 */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<CommandFile>>>>> = {
  "Write a log:": {
    run: () => import("./run.ts"),
    write: () => import("./write.ts"),
    replay: () => import("./replay.ts"),
  },
  "Read logs:": {
    "tail|logs": () => import("./tail.ts"),
    serve: () => import("./serve.ts"),
    mcp: () => import("./mcp.ts"),
    top: () => import("./top.ts"),
    "list|ls": () => import("./list.ts"),
    stat: () => import("./stat.ts"),
    verify: () => import("./verify.ts"),
  },
  "Keep what is in a log:": {
    record: () => import("./record.ts"),
    save: () => import("./save.ts"),
    export: () => import("./export.ts"),
    watch: () => import("./watch.ts"),
  },
  "Send logs to other machines:": {
    forward: () => import("./forward.ts"),
    receive: () => import("./receive.ts"),
  },
  "Others:": {
    remove: () => import("./remove.ts"),
    doctor: () => import("./doctor.ts"),
    completions: () => import("./completions.ts"),
    dump: () => import("./dump.ts"),
    generate: () => import("./generate.ts"),
  },
};

/** The commands that read files of `/events`, too. */
const EVENT_READERS = new Set(["tail", "dump", "export"]);

/** Commands of other programs, and what does the same here. */
const THEIRS: Readonly<Record<string, string>> = {
  cat: "tail --all",
  less: "tail --all NAME | less",
  more: "tail --all NAME | less",
  head: "tail --all NAME | head",
  count: "stat",
  errors: "tail -p error",
  grep: "tail --all --grep PATTERN NAME",
  follow: "tail -f",
  view: "tail",
  log: "tail",
  show: "tail",
  ps: "top",
  rm: "remove",
  delete: "remove",
  info: "stat",
  check: "verify",
  diagnose: "doctor",
  df: "doctor",
};

/** What names a log, and no command. */
const PLACE = /^(?:\.*\/|nats:)/;

/** What the parser says of a mistake at the place of a command, with what to type. */
function suggestOurs(error: string): string {
  return error.replace(
    /^(error: unknown command '(.+)')(?:\n\(.*)?$/m,
    (whole, message: string, name: string) => {
      const ours = Object.hasOwn(THEIRS, name)
        ? THEIRS[name]
        : PLACE.test(name)
        ? `tail ${name}`
        : undefined;
      return ours === undefined ? whole : `${message}\n(Did you mean ${ours}?)`;
    },
  ).replace(/^(error: unknown option '(-[a-zA-Z])')$/m, "$1\n(Options follow a command: tail $2)");
}

/** How the help looks: as short as it can be. */
const HELP: HelpConfiguration = {
  styleTitle: (title) => pc.createColors(true).bold(title),
  subcommandTerm: (command) =>
    [command.name(), ...command.registeredArguments.map(argumentTerm)].join(" "),
  argumentDescription: ({ description, argChoices }) =>
    argChoices === undefined ? description : `${description}: ${argChoices.join(", ")}`,
  optionDescription: ({ description, argChoices, defaultValue, ...option }: Option) => {
    const choices = argChoices === undefined ? "" : ` ${argChoices.join(", ")}`;
    const isShown = ["string", "number"].includes(typeof defaultValue);
    const fallback = isShown ? ` (default: ${option.defaultValueDescription ?? defaultValue})` : "";
    return `${description}${choices && `:${choices}`}${fallback}`;
  },
};

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/**
 * The program with all its commands, or with the one that is called `only` if there is one;
 * `print` gets what help and version say.
 */
export async function createProgram(
  { only = "", print }: { only?: string; print?: (text: string) => void } = {},
): Promise<Command> {
  const program = new Subcommand("ouroboros")
    .description("A rotating log in shared memory: one writer, many readers.")
    .version(config.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpCommand(
      new Command("help").argument("[command]").helpGroup("Others:")
        .description("print the help of a command, as --help does"),
    )
    .addHelpText("after", EXAMPLES)
    // Options of a program that is run are its own.
    .enablePositionalOptions()
    .configureHelp(HELP)
    .showSuggestionAfterError()
    // What it complains of may be a name that a shell completed, or a script passed on.
    .configureOutput({
      ...print && { writeOut: print },
      outputError: (text, write) => write(harmless(withoutPasswords(text))),
    })
    .exitOverride()
    .hook("preAction", (_program, command) => prepare(command));
  const all = Object.entries(COMMANDS).flatMap(([group, loaders]) =>
    Object.entries(loaders).map(([names, load]) => ({ group, names: names.split("|"), load }))
  );
  const named = all.filter(({ names }) => names.includes(only));
  // A word that is no name may be meant to be one of them; the version needs none.
  const needed = only === "--version" || named.length > 0 ? named : all;
  const files = await Promise.all(
    needed.map(async ({ group, load }) => ({ group, ...await load() })),
  );
  for (const { group, addTo } of files) {
    program.commandsGroup(group);
    addTo(program);
  }
  // Of the program only: its commands have taken the other one.
  return program.configureOutput({
    outputError: (text, write) => write(harmless(withoutPasswords(suggestOurs(text)))),
  });
}

/** The commands that say in their own words that a file was cut off, or read none. */
const WITHOUT_CUT_OFF: ReadonlySet<string> = new Set(["verify", "remove"]);

/** What comes before any command: a log that comes by standard input is there before it is opened. */
async function prepare(command: Command): Promise<void> {
  if (IS_DENO) ignoreFileLimit();
  archives.onDamage = warn;
  const places = command.processedArgs.flat();
  if (!EVENT_READERS.has(command.name())) places.filter(isPlace).forEach(checkHoldsNoEvents);
  const named: unknown[] = [...places, ...Object.values(command.opts())];
  await takeStandardInput(command, named);
  const files = named.filter(isPlace);
  if (files.length === 0 || WITHOUT_CUT_OFF.has(command.name())) return;
  // Here: names of shared memory need none of it.
  const { sayCutOff } = await import("./files/cut_off.ts");
  sayCutOff(files);
}

/** Reads a log that comes by standard input, if one of the arguments means that. */
async function takeStandardInput(command: Command, named: unknown[]): Promise<void> {
  if (!named.some(isStandardInput)) return;
  if (command.name() === "mcp") throw new RangeError("mcp speaks by standard input: name a file");
  // It reads lines, too, and need not have all of them.
  if (command.name() !== "replay") await keepStandardInput();
}

/** Whether an argument is a file that was named. */
function isPlace(argument: unknown): argument is LogTarget {
  return typeof argument === "object" && argument !== null && "path" in argument;
}

/** Runs the command; help and version end it by an error of the parser, too. */
async function parse(program: Command, argv: string[]): Promise<void> {
  try {
    await program.parseAsync(helpOfUnknown(program, argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  }
}

/** `help X` where there is no X becomes `X`, whose error names the word: the parser prints all help. */
function helpOfUnknown(program: Command, argv: string[]): string[] {
  const [first, name] = argv;
  if (first !== "help" || name === undefined || name === "help" || name.startsWith("-")) {
    return argv;
  }
  const isKnown = program.commands.some((command) =>
    command.name() === name || command.aliases().includes(name)
  );
  return isKnown ? argv : [name];
}

/**
 * Has a write that would make a file too large fail, as it does in Bun and Node: in Deno a signal ends the
 * process, and nobody reads why.
 */
function ignoreFileLimit(): void {
  try {
    if (system().fileLimit() === Infinity) return;
    system().processes?.().ignoreSignal(os.constants.signals.SIGXFSZ);
  } catch {
    // Without native calls the command itself reports that, if it needs them.
  }
}

/**
 * Runs a command line.
 *
 * @param argv the arguments after the name of the program
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function main(argv: string[]): Promise<number> {
  let printed = "";
  const isAsked = argv[0] === "__complete";
  // The last word that is to be completed may be the beginning of a name only.
  const only = isAsked ? argv.slice(1, -1)[0] : argv[0];
  const program = await createProgram({ only, print: (text) => printed += text });
  try {
    if (isAsked) {
      // Asked by the script of a shell; before the parser, which takes half a line for a mistake.
      const { complete, completionLines } = await import("./completions/complete.ts");
      printed = completionLines(complete(program, argv.slice(1)));
    } else await parse(program, argv);
    if (printed !== "") await Output.print(printed);
    return 0;
  } catch (error) {
    // The parser has said what is wrong by then.
    if (error instanceof CommanderError) return 2;
    if (error instanceof ClosedPipeError) return 0;
    if (error instanceof ExitError) return error.exitCode;
    warn(explain(error));
    return 1;
  }
}
