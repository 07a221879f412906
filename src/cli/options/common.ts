/**
 * Options that several commands have. A flag means one thing everywhere: the table is in
 * `.github/ARCHITECTURE.md`.
 *
 * @module
 */

import { COMPRESSIONS } from "../../compression/kinds.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ShmLogWriterOptions } from "../../log/native/writer_options.ts";
import { durationWithin, type Place, positiveArgument, sizeArgument } from "./arguments.ts";
import { usageError } from "./subcommand.ts";

/** Formats of journalctl and others, as ours. */
const FORMATS: Readonly<Record<string, string>> = {
  cat: "text",
  short: "pretty",
  verbose: "pretty",
  jsonl: "json",
  ndjson: "json",
};

/** `-o` and `--json`; without a default the command chooses it. `verb` is what the command does. */
export function addOutputOptions(
  command: Command,
  formats: readonly string[] = ["text", "json"],
  fallback: { format?: string; words?: string } = { format: "text" },
  verb: string = "print",
): Command {
  const words = fallback.words === undefined ? "" : ` (default: ${fallback.words})`;
  const option = new Option("-o, --output <format>", `${verb} as${words}`).choices(formats)
    .argParser((text) => {
      const format = Object.hasOwn(FORMATS, text) ? FORMATS[text] : text;
      if (formats.includes(format)) return format;
      throw new InvalidArgumentError(`Allowed choices are ${formats.join(", ")}.`);
    });
  if (fallback.format !== undefined) option.default(fallback.format);
  return command.addOption(option)
    .option("--json", "the same as -o json")
    .on("option:json", () => command.setOptionValueWithSource("output", "json", "cli"));
}

/** `--color` and `--no-color`. */
export function addColorOptions(command: Command): Command {
  return command
    .option("--color", "use colors even if the output is not a terminal")
    .option("--no-color", "use no colors");
}

/** `--compress`. */
export function compressOption(): Option {
  return new Option("--compress <format>", "compress the file; by default if its name says so")
    .choices(COMPRESSIONS);
}

/** `--summary`; by default so often, in milliseconds. */
export function summaryOption(fallback: number): Option {
  return new Option("--summary <time>", "how often to print a summary; 0: never")
    .argParser(durationWithin(0, 86_400_000))
    .default(fallback, fallback === 0 ? "0" : `${fallback / 1000}s`);
}

const PLACES = ["oldest", "latest", "new"] as const;

/** `--from`. */
export function fromOption(): Option {
  const option = new Option("--from <place>", "begin at this place").choices(PLACES);
  return option.argParser((text): Place => {
    const word = PLACES.find((word) => word === text);
    if (word !== undefined) return word;
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    const all = PLACES.map((word) => `"${word}"`).join(", ");
    throw new InvalidArgumentError(`${all} or a sequence number is expected.`);
  });
}

/** What the options of `addLogOptions()` say. */
export interface LogOptions {
  size?: number;
  chunkSize?: number;
  chunks?: number;
  formatVersion?: 1 | 2;
  finish?: true;
  ifExists: NonNullable<ShmLogWriterOptions["ifExists"]>;
}

/** How large a log is to be. */
export function shapeOptions(
  { size, chunkSize, chunks }: Pick<LogOptions, "size" | "chunkSize" | "chunks">,
  command: Command,
): ShmLogWriterOptions {
  if (size !== undefined && chunkSize !== undefined) {
    usageError(command, "--size is that of all chunks: leave --chunk-size out");
  }
  return {
    ...size !== undefined && { size },
    ...chunkSize !== undefined && { chunkSize },
    ...chunks !== undefined && { chunkCount: chunks },
  };
}

/** The same for a writer. What only logs of version 2 can do makes one of version 2. */
export function writerOptions(
  { formatVersion, ifExists, finish, ...shape }: LogOptions,
  command: Command,
): ShmLogWriterOptions {
  const needsTwo = finish ? "--finish" : ifExists === "restart" ? "--if-exists restart" : "";
  if (needsTwo !== "" && formatVersion === 1) {
    usageError(command, `${needsTwo} needs format version 2`);
  }
  const version = formatVersion ?? (needsTwo === "" ? undefined : 2);
  return {
    ...shapeOptions(shape, command),
    ...version !== undefined && { version },
    // A log that was saved is continued only if that is asked for.
    ...command.getOptionValueSource("ifExists") !== "default" || ifExists !== "resume"
      ? { ifExists }
      : {},
  };
}

/** The options of a command that makes a log. */
export function addLogOptions(command: Command, ifExists: "resume" | "fail"): Command {
  return command
    .option("--size <bytes>", "size of a new log: 64MiB (default: 16 MiB or less)", sizeArgument)
    .option(
      "--chunk-size <bytes>",
      "size of a chunk: 65536, 64k, 1MiB (default: 1 MiB, less if memory is limited)",
      sizeArgument,
    )
    .option("--chunks <count>", "number of chunks (default: 16)", positiveArgument)
    .addOption(
      new Option("--if-exists <what>", "what to do if there is a log of that name")
        .choices(["resume", "replace", "restart", "fail"]).default(ifExists),
    )
    .addOption(
      new Option(
        "--format-version <number>",
        "format of a new log; 2 can be finished and restarted (default: 1)",
      ).choices(["1", "2"]).argParser((text) => {
        if (text === "1" || text === "2") return Number(text);
        throw new InvalidArgumentError("Allowed choices are 1, 2.");
      }),
    );
}
