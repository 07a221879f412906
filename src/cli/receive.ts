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
import { isLoss } from "../ship/message.ts";
import type { IntoSummary } from "../ship/receive_into.ts";
import type { ReceivedItem, ReceiveSummary } from "../ship/received.ts";
import type { Field } from "../records/question/field.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import {
  addNatsOptions,
  NATS_HELP,
  type NatsCommandOptions,
  natsOptions,
  serversArgument,
  subjectArgument,
} from "./nats/nats_options.ts";
import { distrustNotice, ReceivedPrinter, sayGap } from "./nats/received_printer.ts";
import { isStreamAddress, streamArgument, type StreamTarget } from "./nats/stream_address.ts";
import {
  durationArgument,
  positiveArgument,
  sizeArgument,
  targetArgument,
} from "./options/arguments.ts";
import {
  addColorOptions,
  addOutputOptions,
  shapeOptions,
  summaryOption,
} from "./options/common.ts";
import { fieldsOption } from "./options/question_arguments.ts";
import { addSelectionOptions, type Criteria } from "./options/selection.ts";
import { oldOption, usageError } from "./options/subcommand.ts";
import { ENTRY_FORMATS, type EntryFormat } from "./output/format.ts";
import { wrongFields } from "./output/field_printer.ts";
import { counted, entryCount, warn } from "./output/warn.ts";
import { ClosedPipeError } from "./output/output.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Prints the entries that "ouroboros forward" has put into a stream: those of each
log in their order, each once. What is missing is printed on standard error, and
with -o json on a line of its own. Runs until Ctrl-C, also while the server or the
network is away. "ouroboros tail --help" describes times, levels, questions.

The stream is nats://HOST:PORT/STREAM, or STREAM alone. Add /SUBJECT for a part of
it; * and > are wildcards.

With --consumer the server keeps the place: the next run begins there. A consumer
has one receiver at a time. After a kill the last entries may be printed twice;
with --state no more than a second of them.

With --to the entries go into a log of this machine, each exactly once, also if
this command is killed at any moment and started again. "ouroboros tail" prints
where each entry is from, which the log NAME.origin beside it keeps. Both logs
stay.

A message is believed only if its subject names the machine and the log that its
headers name. Forwarders with a --subject of their own need the same here, as
--template.

${NATS_HELP}

Examples:
  ouroboros receive nats://10.0.0.7/LOGS
  ouroboros receive 'nats://10.0.0.7/LOGS/logs.web-1.*' -p warn   one machine, warnings and errors
  ouroboros receive LOGS --consumer alarm --state alarm.state --json
  ouroboros receive LOGS --to /all     then: ouroboros tail -f /all`;

interface ReceiveCommandOptions extends NatsCommandOptions, Criteria {
  from?: ReceiveOptions["from"] | OldServers;
  stream?: string;
  subject?: string;
  template?: string;
  consumer?: string;
  state?: string;
  once?: true;
  maxHold?: number;
  domain?: string;
  to?: LogTarget;
  size?: number;
  chunkSize?: number;
  chunks?: number;
  output?: EntryFormat;
  fields?: Field[];
  prefix: boolean;
  color?: boolean;
  summary: number;
}

/** What `--from` meant before: servers. */
interface OldServers {
  readonly servers: string;
}

/** What has no meaning where nothing is printed. */
const PRINTING = [
  "output",
  "fields",
  "state",
  "where",
  "grep",
  "exclude",
  "level",
  "since",
  "until",
] as const;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("receive")
    .description("Print logs of many machines from a stream, or write them into a log.")
    .summary("print logs of many machines, or write them into a log")
    .argument("[stream]", "the stream", receiveArgument)
    .option("--consumer <name>", "name under which the server keeps the place")
    .option("--state <path>", "begin after the place in this file, and update it")
    .addOption(
      new Option(
        "--from <place>",
        "place to begin at, without a consumer: oldest, new, or a number of the stream (default: oldest)",
      ).argParser(placeArgument),
    )
    .option("--once", "end with what is there now")
    .option(
      "--max-hold <time>",
      "how long to wait for an entry that is missing (default: 30s)",
      durationArgument,
    )
    .option("--template <subject>", "subject of the forwarders, as they have it", subjectArgument)
    .optionsGroup("Into a log:")
    .option("--to <target>", "log to write to", targetArgument)
    .option("--size <bytes>", "size of a new log: 64MiB (default: 16 MiB or less)", sizeArgument)
    .option("--chunk-size <bytes>", "size of a chunk of a new log (default: 1 MiB)", sizeArgument)
    .option("--chunks <count>", "number of chunks of a new log (default: 16)", positiveArgument)
    .addOption(summaryOption(10_000));
  addSelectionOptions(command.optionsGroup("Which entries:")).optionsGroup("Output:");
  addOutputOptions(command, ENTRY_FORMATS, { words: "pretty on a terminal, else text" })
    .addOption(fieldsOption())
    .option("--no-prefix", "do not begin lines with the names of machines and logs");
  addColorOptions(command).optionsGroup("Server:");
  addNatsOptions(command)
    .option("--domain <domain>", "domain of JetStream")
    .addOption(new Option("--stream <stream>").hideHelp())
    .addOption(new Option("--subject <subject>").hideHelp())
    .addHelpText("after", EXAMPLES)
    .action(receiveLogs);
  oldOption(command, "--into", "--to");
  oldOption(command, "--start", "--from");
}

/** The address of a stream, or the stream alone: then the environment knows the server. */
function receiveArgument(text: string): Omit<StreamTarget, "server"> & { server?: string } {
  if (isStreamAddress(text)) return streamArgument(text);
  const [, stream, subject] = /^([^\s/]+)(?:\/(\S+))?$/.exec(text) ?? [];
  if (stream === undefined) {
    throw new InvalidArgumentError("STREAM or nats://HOST:PORT/STREAM is expected.");
  }
  return { stream, ...subject !== undefined && { subject } };
}

/** Where to begin in a stream; or servers, as it was before. */
function placeArgument(text: string): NonNullable<ReceiveCommandOptions["from"]> {
  if (text === "oldest") return "oldest";
  if (text === "new") return "new";
  if (/^[1-9]\d{0,15}$/.test(text)) return { streamSequence: Number(text) };
  if (/[:.]|^localhost$/.test(text)) return { servers: serversArgument(text) };
  throw new InvalidArgumentError('"oldest", "new" or a number from 1 on is expected.');
}

async function receiveLogs(
  target: ReturnType<typeof receiveArgument> | undefined,
  options: ReceiveCommandOptions,
  command: Command,
): Promise<void> {
  const { server, stream, subject, from } = placeOf(target, options, command);
  checkOptions(options, command);
  const shape = shapeOptions(options, command);
  using interrupt = new Interrupt({ output: options.to === undefined });
  const { signal } = interrupt;
  const { template, consumer, once, maxHold, domain } = options;
  const common: ReceiveOptions = {
    ...natsOptions(server, options),
    stream,
    follow: !once,
    signal,
    ...from !== undefined && { from },
    ...subject !== undefined && { subject },
    ...template !== undefined && { template },
    ...consumer !== undefined && { consumer },
    ...maxHold !== undefined && { maxHold },
    ...domain !== undefined && { domain },
  };
  if (options.to !== undefined) {
    await writeInto(options.to, { ...common, ...shape }, options.summary);
  } else await print(common, options, signal);
  // Who wanted all that is there has not got it.
  if (once && signal.aborted && !(signal.reason instanceof ClosedPipeError)) throw new ExitError(1);
}

/** The stream, and where to begin: of the argument, or of options as they were before. */
function placeOf(
  target: ReturnType<typeof receiveArgument> | undefined,
  { from: given, stream, subject }: ReceiveCommandOptions,
  command: Command,
): { server?: string; stream: string; subject?: string; from?: ReceiveOptions["from"] } {
  const servers = typeof given === "object" && "servers" in given ? given.servers : undefined;
  const from = typeof given === "object" && "servers" in given ? undefined : given;
  const isOld = [servers, stream, subject].some((one) => one !== undefined);
  const name = target?.stream ?? stream;
  if (name === undefined || target !== undefined && isOld) {
    return usageError(
      command,
      name === undefined
        ? "missing argument 'stream': ouroboros receive nats://HOST:PORT/STREAM"
        : "the stream is an argument: leave out --stream, --subject, and --from <server>",
    );
  }
  if (isOld) warn("--from <server> --stream <stream> is now: receive nats://HOST/STREAM/SUBJECT");
  const { server = servers, subject: part = subject } = target ?? {};
  return {
    stream: name,
    ...server !== undefined && { server },
    ...part !== undefined && { subject: part },
    ...from !== undefined && { from },
  };
}

async function print(
  common: ReceiveOptions,
  options: ReceiveCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { state } = options;
  const reception = receive({ ...common, ...state !== undefined && { state } });
  const keepsPlace = options.state !== undefined || options.consumer !== undefined;
  const printer = ReceivedPrinter.standard({ ...options, keepsPlace }, signal);
  // To ask for the next ones says that these were handled: so they must be written by then.
  const sayDistrusted = distrustNotice();
  for await (const items of reception.batches()) {
    sayDistrusted(reception.summary);
    if (!await printer.print(items, signal)) break;
  }
  await printer.end();
  sayDistrusted(reception.summary);
  warn(summaryLine(reception.summary));
}

/** Ends the command for options that the parser takes, and that make no sense together. */
function checkOptions(options: ReceiveCommandOptions, command: Command): void {
  const { to, state, consumer, until, once, output, fields } = options;
  const useless = PRINTING.find((name) => options[name] !== undefined);
  const wrong = to !== undefined && useless !== undefined
    ? `--${useless} is for entries that are printed: leave out --to`
    : to === undefined && (options.size ?? options.chunkSize ?? options.chunks) !== undefined
    ? "--size, --chunk-size and --chunks are of a log: name it with --to"
    : state !== undefined && consumer === undefined
    ? "--state needs a --consumer"
    : until !== undefined && !once
    ? "--until needs --once: it says where to end"
    : wrongFields(output, fields);
  if (wrong !== undefined) usageError(command, wrong);
}

async function writeInto(
  target: LogTarget,
  common: ReceiveIntoOptions,
  interval: number,
): Promise<void> {
  if (typeof target === "string" && !SharedMemory.persists) {
    warn("shared memory goes here when all have closed it: a file stays");
  }
  const sayDistrusted = distrustNotice();
  let latest: IntoSummary | undefined;
  let said = "";
  const options: ReceiveIntoOptions = {
    ...common,
    onResume({ lastSequenceNumber, sources, missing, untold }) {
      const log = describeTarget(target);
      if (lastSequenceNumber > 0) {
        warn(
          `log ${log} continues after entry ${lastSequenceNumber}, of ${counted(sources, "log")}`,
        );
      }
      if (missing > 0) warn(`log ${log} has lost its last ${entryCount(missing)} with its machine`);
      if (untold > 0) warn(`log ${log} has ${entryCount(untold)} from unknown places`);
    },
    onItems(items, summary) {
      latest = summary;
      sayDistrusted(summary);
      sayGaps(items);
    },
  };
  const say = () => {
    const line = latest === undefined ? "nothing received" : summaryLine(latest);
    if (line !== said) warn(line);
    said = line;
  };
  const timer = interval > 0 ? setInterval(say, interval) : undefined;
  try {
    latest = await receiveInto(target, options);
  } finally {
    clearInterval(timer);
  }
  sayDistrusted(latest);
  warn(summaryLine(latest));
  if (latest.tooLarge > 0) warn(`${entryCount(latest.tooLarge)} too large for the log: left out`);
}

function sayGaps(items: readonly ReceivedItem[]): void {
  for (const item of items) {
    if (item.kind === "gap" && isLoss(item.reason)) sayGap(item);
  }
}

/** What was received, in a line. */
function summaryLine(summary: ReceiveSummary): string {
  const { entries, sources, duplicates, gaps, missingEntries, unexplainedEntries } = summary;
  const missing = gaps === 0
    ? ""
    : ` (${missingEntries} missing, ${unexplainedEntries} of them unexplained)`;
  const filtered = summary.filteredEntries === 0 ? "" : `, ${summary.filteredEntries} filtered`;
  const foreign = summary.foreignMessages === 0
    ? ""
    : `, ${counted(summary.foreignMessages, "message")} of others`;
  const distrusted = summary.distrustedMessages === 0
    ? ""
    : `, ${summary.distrustedMessages} not believed`;
  return `${entryCount(entries)} of ${counted(sources, "log")}, ${
    counted(duplicates, "duplicate")
  } dropped, ` +
    `${counted(gaps, "gap")}${missing}${filtered}${foreign}${distrusted}`;
}
