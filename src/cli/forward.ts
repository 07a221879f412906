/**
 * `ouroboros forward`: logs of this machine, sent to a stream of NATS JetStream or to a collector.
 *
 * @module
 */

import { statSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ForwardStats, ForwardTrouble } from "../ship/forward_options.ts";
import type { Forwarding } from "../ship/forwarding.ts";
import { DEFAULT_SUBJECT, subjectToken } from "../ship/carriers/nats/subject.ts";
import { delay } from "../async.ts";
import { unlessShort } from "../log/native/followed_log.ts";
import { hasMagic } from "../log/native/look.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { type LogTarget, placeOf } from "../log/native/target.ts";
import {
  collectorDestination,
  type Destination,
  type ForwardCommandOptions,
  shipOptions,
  streamDestination,
} from "./forward/destination.ts";
import {
  addNatsOptions,
  NATS_HELP,
  serversArgument,
  streamArgument,
  subjectArgument,
} from "./nats/nats_options.ts";
import {
  durationArgument,
  positiveArgument,
  sizeArgument,
  sourcesArgument,
} from "./options/arguments.ts";
import { fromOption, summaryOption } from "./options/common.ts";
import { flagOf, oldOption, usageError } from "./options/subcommand.ts";
import { filesIn, forEachLog, type LogState } from "./options/each_log.ts";
import { whereOption } from "./options/selection.ts";
import { waitForLog } from "./options/log_targets.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import {
  addOtlpOptions,
  collectorArgument,
  collectorOfEnvironment,
  isCollector,
  OTLP_HELP,
  OTLP_ONLY,
} from "./otlp/otlp_options.ts";
import { oneLine } from "./output/harmless.ts";
import { ReceivedLog } from "./output/received_log.ts";
import { counted, entryCount, warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Each entry becomes a message with its number. Entries that were overwritten
before they could be sent become a message that says which numbers are missing,
and why. While the server is away or refuses messages, they wait in the log. At
Ctrl-C the command waits up to 5 s for the server to acknowledge what was sent.

With --state the next run begins where this one ended: a file for one log, a
folder for several. It also keeps the key of the message ids, by which a NATS
server drops what is sent twice; so only its owner may read it. Without --state
the command begins at --from each time, and receivers drop what they have already,
by its number. A collector takes it twice, with the same ouroboros.seq.

With --where only entries that match are sent, and of a line in several all or
none. Messages say how many before them were left out: receivers don't take these
for lost. "ouroboros tail --help" describes questions.

A <place> is oldest, latest (the newest chunk), new (only what comes), or a
sequence number.

${PATTERN_HELP}
Logs that begin to match later are sent, too.

${NATS_HELP}

${OTLP_HELP}

Examples:
  ouroboros forward /app --to nats://10.0.0.7 --stream LOGS --state app.state
  ouroboros forward /app /db --stream LOGS --state /var/lib/ouroboros
  ouroboros forward '/app.*' --stream LOGS --state /var/lib/ouroboros
  ouroboros forward /app --stream LOGS --create-stream --max-bytes 50G --max-age 7d
  ouroboros forward /app --stream LOGS --creds app.creds --hostname web-1
  ouroboros forward /app --stream LOGS --once     what is there now
  ouroboros forward /app --stream LOGS --where 'level:>=warn OR status:>=500'
  ouroboros forward /app --to otlp+http://127.0.0.1:4318 --state app.state
  ouroboros forward /app --to otlp+https://otlp.example --header @vendor.key`;

/** How often to look whether a log of a pattern is gone, in milliseconds. */
const LEAVE_INTERVAL = 1000;
/** Options for a new stream only. */
const STREAM_OPTIONS = ["maxBytes", "maxAge", "replicas", "duplicates", "discard"] as const;
/** Options for NATS only. */
const NATS_ONLY = [
  ...["stream", "subject", "createStream", ...STREAM_OPTIONS, "domain"],
  ...["creds", "nkey", "inboxPrefix"],
];

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("forward")
    .description(
      "Send the entries of logs to a stream of NATS JetStream, or to a collector of\n" +
        "OpenTelemetry, as they come.",
    )
    .summary("send logs to NATS or to a collector of OpenTelemetry")
    .argument("<name...>", "the logs", sourcesArgument)
    .option("--to <target>", "NATS server, or several with commas; or a collector", targetArgument)
    .option("--stream <stream>", "stream of the NATS server", streamArgument)
    .option(
      "--subject <template>",
      "subject, with {host}, {name} and {segment} in it",
      subjectArgument,
      DEFAULT_SUBJECT,
    )
    .option("--hostname <name>", "name of this machine (default: that of the system)", wordArgument)
    .option(
      "--state <path>",
      "begin after the place in this file or folder, and update it",
    )
    .addOption(fromOption().default("oldest"))
    .option("--once", "end with what is there now")
    .addOption(whereOption("send entries that match a question: 'status:>=500'"))
    .option(
      "--truncate",
      "cut entries that are too large for the server; by default they are left out",
    )
    .option("--create-stream", "make the stream if it does not exist")
    .option(
      "--max-bytes <bytes>",
      "size of a new stream (default: the server's limit)",
      sizeArgument,
    )
    .option("--max-age <time>", "age limit of a new stream (default: none)", durationArgument)
    .option("--replicas <count>", "number of copies of a new stream (default: 1)", positiveArgument)
    .option(
      "--duplicates <time>",
      "how long a new stream knows a message (default: 2m)",
      durationArgument,
    )
    .addOption(
      new Option("--discard <which>", "what a full stream discards (default: old)")
        .choices(["old", "new"]),
    )
    .option("--domain <domain>", "domain of JetStream")
    .option(
      "--max-in-flight <count>",
      "most messages without an answer (default: 4096)",
      positiveArgument,
    )
    .addOption(summaryOption(10_000));
  addNatsOptions(addOtlpOptions(command)).addHelpText("after", EXAMPLES).action(forwardLogs);
  oldOption(command, "--host", "--hostname");
}

function targetArgument(text: string): string {
  if (/^https?:/i.test(text)) {
    throw new InvalidArgumentError(`For a collector of OpenTelemetry it is otlp+${text}.`);
  }
  return isCollector(text) ? collectorArgument(text) : serversArgument(text);
}

function wordArgument(text: string): string {
  if (text === "") throw new InvalidArgumentError("A name is expected.");
  return text;
}

async function forwardLogs(
  targets: LogTarget[],
  options: ForwardCommandOptions,
  command: Command,
): Promise<void> {
  const { to, stream } = options;
  const collector = to === undefined && stream === undefined
    ? collectorOfEnvironment()
    : to !== undefined && isCollector(to)
    ? to
    : undefined;
  checkOptions(options, command, collector !== undefined);
  // Before a server is waited for.
  const open = collector === undefined
    ? await streamDestination(options)
    : await collectorDestination(collector, options);
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const { once } = options;
  const names = new NamedLogs(targets);
  const stateOf = statePaths(names, options.state);
  // So that a mistake does not wait for a server.
  names.plain.forEach(stateOf);
  try {
    await using destination = await open(signal);
    await forEachLog(names, { signal, once }, (target, signal, about) => {
      const state = stateOf(target);
      return forwardLog(target, { destination, signal, options, state, about });
    });
  } catch (error) {
    // A server, or a stream, that did not come.
    if (error !== signal.reason) throw error;
  }
  if (once && signal.aborted) throw new ExitError(1);
}

/** Ends the command for options that make no sense together. */
function checkOptions(
  options: ForwardCommandOptions,
  command: Command,
  isToCollector: boolean,
): void {
  const given = (name: string) => command.getOptionValueSource(name) === "cli";
  const [useless, of]: [readonly string[], string] = isToCollector
    ? [NATS_ONLY, "NATS: not for a collector"]
    : [OTLP_ONLY, "a collector of OpenTelemetry: not for NATS"];
  const wrong = useless.find(given);
  if (wrong !== undefined) usageError(command, `${flagOf(wrong)} is for ${of}`);
  if (isToCollector) return;
  if (options.stream === undefined) {
    usageError(command, "required option '--stream <stream>' not specified");
  }
  const alone = STREAM_OPTIONS.find(given);
  if (alone !== undefined && !options.createStream) {
    usageError(command, `${flagOf(alone)} is for a new stream: it needs --create-stream`);
  }
}

/** The state file of each log: in a folder, unless there is one log. */
function statePaths(
  names: NamedLogs,
  state: string | undefined,
): (target: LogTarget) => string | undefined {
  if (state === undefined) return () => undefined;
  const isFolder = statSync(state, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (names.isOne && !isFolder) return () => state;
  return filesIn(
    state,
    ".state",
    (target) => subjectToken(placeOf(target)),
  );
}

async function forwardLog(
  target: LogTarget,
  { destination, signal, options, state, about }: {
    destination: Destination;
    signal: AbortSignal;
    options: ForwardCommandOptions;
    state: string | undefined;
    about: LogState;
  },
): Promise<"gone" | void> {
  // All of a log that was not there has come since the command began.
  if (options.from === "new" && (about.isNew || !hasMagic(target))) {
    options = { ...options, from: "oldest" };
  }
  using reader = await open(target, signal, options);
  const name = oneLine(reader.name);
  using received = options.where?.asksLog ? ReceivedLog.open(target) : undefined;
  await using forwarding = await destination.forward(reader, {
    ...shipOptions(options, (number) => received?.of(number).label ?? nameOf(target)),
    signal,
    ...state !== undefined && { state },
    onGap: ({ from, to, count, reason }) =>
      warn(`${name}: ${entryCount(count)} missing (${reason}): ${from} to ${to}`),
    onTrouble: (trouble) => sayTrouble(name, trouble),
  });
  const timer = options.summary > 0
    ? setInterval(() => warn(`${name}: ${summary(forwarding.stats)}`), options.summary)
    : undefined;
  const ended = new AbortController();
  const leaving = leaveIfGone(reader, forwarding, about, ended.signal).catch(() => false);
  try {
    if (options.once) await once(forwarding);
    const stats = await forwarding.done;
    warn(`${name}: ${summary(stats)}`);
    if (stats.inFlight > 0) {
      warn(`${name}: ${stats.inFlight} messages were sent, and are not acknowledged`);
    }
  } finally {
    clearInterval(timer);
    ended.abort();
  }
  if (await leaving) return "gone";
}

/**
 * Ends forwarding when the name of the log is gone and all of it has arrived: its memory stays as long as it is
 * open. Gives whether it has.
 *
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
async function leaveIfGone(
  reader: ShmLogReader,
  forwarding: Forwarding,
  { isGone }: LogState,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    await delay(LEAVE_INTERVAL, { signal });
    const isOver = () => isGone() && unlessShort(() => reader.isAbandoned());
    if (!isOver()) continue;
    await forwarding.flush();
    // It may have come back meanwhile.
    if (!isOver()) continue;
    await forwarding.close();
    return true;
  }
}

/** Opens a log; waits for it, unless only what is there now is to be sent. */
function open(
  target: LogTarget,
  signal: AbortSignal,
  { from, once }: ForwardCommandOptions,
): Promise<ShmLogReader> {
  const strategy = from === "latest" ? "latest" : "oldest";
  const options = { strategy, onDamage: "skip", copyMode: "auto" } as const;
  if (once) return Promise.resolve(ShmLogReader.open(target, options));
  return waitForLog(target, signal, options);
}

/** Forwards what is there, and ends. */
async function once(forwarding: Forwarding): Promise<void> {
  // The reason why it could not be is that of `done`.
  await forwarding.flush().catch(() => {});
  await forwarding.close();
}

function sayTrouble(name: string, { type, message: text }: ForwardTrouble): void {
  warn(
    `${name}: ` + {
      refused: `nothing is taken: ${text}; trying again and again`,
      resumed: text,
      silent: `${text}; sending again`,
      state: `the state file can't be written: ${text}`,
      replaced: text,
      duplicate: text,
      rejected: text,
    }[type],
  );
}

/** How far it is, in a line. */
export function summary(stats: ForwardStats): string {
  const { sent, acknowledged, duplicates, gaps, lostEntries, lagEntries, lagSeconds } = stats;
  const filtered = stats.filtered === 0 ? "" : `${stats.filtered} filtered, `;
  const lost = gaps === 0 ? "" : ` (${entryCount(lostEntries)})`;
  const rejected = stats.rejected === 0 ? "" : `${stats.rejected} thrown away there, `;
  return `${sent} sent, ${acknowledged} acknowledged, ${counted(duplicates, "duplicate")}, ` +
    `${counted(gaps, "gap")}${lost}, ${filtered}${rejected}lag ${entryCount(lagEntries)}, ${
      lagSeconds.toFixed(1)
    } s`;
}
