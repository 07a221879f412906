/**
 * `ouroboros receive`: logs of many machines, out of a stream of NATS JetStream.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  receive,
  receiveInto,
  type ReceiveIntoOptions,
  type ReceiveOptions,
} from "../ship/carriers/nats/receive.ts";
import type { IntoSummary } from "../ship/receive_into.ts";
import type { ReceivedItem, ReceiveSummary } from "../ship/received.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import {
  addNatsOptions,
  NATS_HELP,
  type NatsCommandOptions,
  natsOptions,
  serversArgument,
} from "./nats/nats_options.ts";
import { ReceivedPrinter, sayGap } from "./nats/received_printer.ts";
import {
  durationArgument,
  positiveArgument,
  secondsArgument,
  sizeArgument,
  targetArgument,
} from "./options/arguments.ts";
import { addSelectionOptions, type Criteria, SELECTION_HELP } from "./options/selection.ts";
import { ENTRY_FORMATS, type EntryFormat, FORMAT_HELP } from "./output/format.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ClosedPipeError } from "./output/output.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Examples:
  ouroboros receive --from nats://10.0.0.7 --stream LOGS
  ouroboros receive --stream LOGS --subject 'logs.web-1.*' -p warn   of one machine, warnings up
  ouroboros receive --stream LOGS --consumer alarm --state alarm.state -o json
  ouroboros receive --stream LOGS --into /all   then: ouroboros tail -f /all --level error
  ouroboros tail -f nats://10.0.0.7/LOGS        only a look

Prints the entries that "ouroboros forward" has put into a stream, those of each log in their order
and each once. What is missing is said on standard error, and with -o json in a line of its own:
{"host":"web-1","log":"/app","segment":"…","gap":{"from":5,"to":9,"count":5,"reason":"overwritten"}}.
Goes on until Ctrl-C, through everything that happens to the server and the network.

With --consumer the server remembers what was printed: the next one goes on there, and what was
printed last before a kill may be printed again: with --state no more than a second of it. There is one
receiver at a time for a consumer.

With --into the entries go into a log of this machine, with their bytes as they are: exactly once,
even if this is killed at any moment and started again. Where they are from is told by a second log,
NAME.origin. Both logs stay; a line every 10 seconds says how much it was.

${SELECTION_HELP}

${NATS_HELP}`;

interface ReceiveCommandOptions extends NatsCommandOptions, Criteria {
  from?: string;
  stream: string;
  subject?: string;
  consumer?: string;
  state?: string;
  start: ReceiveOptions["start"];
  once?: true;
  maxHold?: number;
  domain?: string;
  into?: LogTarget;
  chunkSize?: number;
  chunks?: number;
  output?: EntryFormat;
  prefix: boolean;
  color?: boolean;
  summary: number;
}

/** What has no meaning where nothing is printed. */
const PRINTING = ["output", "state", "grep", "level", "since", "until"] as const;

/** Adds the command. */
export function addReceive(program: Command): void {
  const command = program.command("receive")
    .description("print logs of many machines, out of a stream, or write them into a log")
    .option("--from <servers>", "the NATS server, or several with commas", serversArgument)
    .requiredOption("--stream <stream>", "the stream")
    .option("--subject <subject>", "only these subjects, * and > allowed (default: all)")
    .option("--consumer <durable>", "by what name the server remembers how far it is")
    .option("--state <file>", "where to remember how far each log was printed")
    .addOption(
      new Option("--start <where>", "without a consumer: oldest, latest, or a number of the stream")
        .argParser(startArgument).default("oldest"),
    )
    .option("--once", "end where the stream ends at the start")
    .option(
      "--max-hold <time>",
      "how long to wait for what is missing (default: 30s)",
      durationArgument,
    )
    .option("--domain <domain>", "the domain of JetStream")
    .option("--into <name>", "the log to write to instead of printing", targetArgument)
    .option("--chunk-size <bytes>", "size of a chunk of that log", sizeArgument)
    .option("--chunks <count>", "number of its chunks", positiveArgument);
  addSelectionOptions(command)
    .addOption(
      new Option(
        "-o, --output <format>",
        `${FORMAT_HELP} (default: pretty on a terminal, else text)`,
      ).choices(ENTRY_FORMATS),
    )
    .option("--no-prefix", "don't begin lines with the names of machines and logs")
    .option("--color", "colours even if it is no terminal")
    .option("--no-color", "no colours")
    .option(
      "--summary <seconds>",
      "with --into, how often to say how much; 0: never",
      secondsArgument(0, 86_400),
      10,
    );
  addNatsOptions(command).addHelpText("after", EXAMPLES).action(receiveLogs);
}

/** Where to begin in a stream. */
function startArgument(text: string): NonNullable<ReceiveOptions["start"]> {
  if (text === "oldest" || text === "latest") return text;
  if (/^[1-9]\d{0,15}$/.test(text)) return { streamSequence: Number(text) };
  throw new InvalidArgumentError('"oldest", "latest" or a number from 1 on is expected.');
}

async function receiveLogs(options: ReceiveCommandOptions, command: Command): Promise<void> {
  checkOptions(options, command);
  using interrupt = new Interrupt({ output: options.into === undefined });
  const { signal } = interrupt;
  const { stream, subject, consumer, start, once, maxHold, domain } = options;
  const common: ReceiveOptions = {
    ...natsOptions(options.from, options),
    stream,
    start,
    follow: !once,
    signal,
    ...subject !== undefined && { subject },
    ...consumer !== undefined && { consumer },
    ...maxHold !== undefined && { maxHold },
    ...domain !== undefined && { domain },
  };
  if (options.into !== undefined) await writeInto(options.into, common, options);
  else await print(common, options, signal);
  // Who wanted all that is there has not got it.
  if (once && signal.aborted && !(signal.reason instanceof ClosedPipeError)) throw new ExitError(1);
}

async function print(
  common: ReceiveOptions,
  options: ReceiveCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { state } = options;
  const reception = receive({ ...common, ...state !== undefined && { state } });
  const printer = ReceivedPrinter.standard(options, signal);
  // To ask for the next ones says that these were handled: so they must be written by then.
  for await (const items of reception.batches()) {
    if (!await printer.print(items, signal)) break;
  }
  warn(summaryLine(reception.summary));
}

/** Ends the command for options that the parser takes, and that make no sense together. */
function checkOptions(options: ReceiveCommandOptions, command: Command): void {
  const { into, state, consumer, until, once } = options;
  const useless = PRINTING.find((name) => options[name] !== undefined);
  if (into !== undefined && useless !== undefined) {
    command.error(`error: --${useless} is for what is printed, and not with --into`, {
      exitCode: 2,
    });
  }
  if (into === undefined && (options.chunkSize ?? options.chunks) !== undefined) {
    command.error("error: --chunk-size and --chunks are for a log that is made: with --into", {
      exitCode: 2,
    });
  }
  if (state !== undefined && consumer === undefined) {
    command.error("error: --state is of use with a --consumer only", { exitCode: 2 });
  }
  if (until !== undefined && !once) {
    command.error("error: --until says where to end: it needs --once", { exitCode: 2 });
  }
}

async function writeInto(
  target: LogTarget,
  common: ReceiveOptions,
  { chunkSize, chunks, summary: seconds }: ReceiveCommandOptions,
): Promise<void> {
  if (typeof target === "string" && !SharedMemory.persists) {
    warn("shared memory goes here when all have closed it: a file stays");
  }
  let latest: IntoSummary | undefined;
  let said = "";
  const options: ReceiveIntoOptions = {
    ...common,
    ...chunkSize !== undefined && { chunkSize },
    ...chunks !== undefined && { chunkCount: chunks },
    onResume({ lastSequenceNumber, sources, missing, untold }) {
      const log = describeTarget(target);
      if (lastSequenceNumber > 0) {
        warn(`log ${log} goes on after entry ${lastSequenceNumber}, of ${logCount(sources)}`);
      }
      if (missing > 0) warn(`log ${log} has lost its last ${entryCount(missing)} with its machine`);
      if (untold > 0) warn(`nobody knows where ${entryCount(untold)} of log ${log} are from`);
    },
    onItems(items, summary) {
      latest = summary;
      sayGaps(items);
    },
  };
  const say = () => {
    const line = latest === undefined ? "nothing received" : summaryLine(latest);
    if (line !== said) warn(line);
    said = line;
  };
  const timer = seconds > 0 ? setInterval(say, seconds * 1000) : undefined;
  try {
    latest = await receiveInto(target, options);
  } finally {
    clearInterval(timer);
  }
  warn(summaryLine(latest));
  if (latest.tooLarge > 0) warn(`${entryCount(latest.tooLarge)} too large for the log: left out`);
}

function sayGaps(items: readonly ReceivedItem[]): void {
  for (const item of items) if (item.kind === "gap") sayGap(item);
}

/** What was received, in a line. */
function summaryLine(summary: ReceiveSummary): string {
  const { entries, sources, duplicates, gaps, missingEntries, unexplainedEntries } = summary;
  const missing = gaps === 0
    ? ""
    : ` (${missingEntries} missing, ${unexplainedEntries} of them unexplained)`;
  const foreign = summary.foreignMessages === 0
    ? ""
    : `, ${summary.foreignMessages} messages of others`;
  return `${entryCount(entries)} of ${logCount(sources)}, ${duplicates} duplicates dropped, ` +
    `${gaps} gaps${missing}${foreign}`;
}

function logCount(count: number): string {
  return count === 1 ? "1 log" : `${count} logs`;
}
