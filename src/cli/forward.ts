/**
 * `ouroboros forward`: logs of this machine, sent to a stream of NATS JetStream.
 *
 * @module
 */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { NatsLink } from "../ship/carriers/nats/connect.ts";
import {
  checkForwardOptions,
  forward,
  type ForwardOptions,
} from "../ship/carriers/nats/forward.ts";
import type { ForwardStats, ForwardTrouble } from "../ship/forward_options.ts";
import type { Forwarding } from "../ship/forwarding.ts";
import type { NewStreamOptions } from "../ship/carriers/nats/stream.ts";
import { DEFAULT_SUBJECT, subjectToken } from "../ship/carriers/nats/subject.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { LogTarget } from "../log/native/target.ts";
import {
  addNatsOptions,
  NATS_HELP,
  type NatsCommandOptions,
  natsOptions,
  serversArgument,
  streamArgument,
  subjectArgument,
} from "./nats/nats_options.ts";
import {
  durationArgument,
  positiveArgument,
  secondsArgument,
  sizeArgument,
  sourcesArgument,
} from "./options/arguments.ts";
import { waitForLog } from "./options/log_targets.ts";
import { oneLine } from "./output/harmless.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Examples:
  ouroboros forward /app --to nats://10.0.0.7 --stream LOGS
  ouroboros forward /app /db --stream LOGS --state /var/lib/ouroboros --create-stream --max-bytes 50G
  ouroboros forward /app --stream LOGS --subject 'logs.{host}.{name}' --creds app.creds
  ouroboros forward /app --stream LOGS --once   what is there, then end

Each entry becomes a message, with its number in a header; what was overwritten before it could be
sent becomes a message that says so. Goes on until Ctrl-C, through everything that happens to the
server, the network and the writer of the log; meanwhile the log itself is what keeps the entries.
Then waits up to 5 s for the server to have all that was sent.

With --state it goes on where it was, after a restart of this command, too. For one log it is a file;
for several it is a folder with a file for each. Without it, it begins with the oldest entry, and what
is in the stream already is dropped by the server, within its window, or by who receives it.

${NATS_HELP}

A stream that is there is taken as it is. A full one that refuses what is new is tried again until it
takes it. Every 10 seconds a line on standard error says how far it is.`;

interface ForwardCommandOptions extends NatsCommandOptions {
  to?: string;
  stream: string;
  subject: string;
  host?: string;
  state?: string;
  from: "oldest" | "new";
  once?: true;
  truncate?: true;
  createStream?: true;
  maxBytes?: number;
  maxAge?: number;
  replicas?: number;
  duplicates?: number;
  discard?: "old" | "new";
  domain?: string;
  maxInFlight?: number;
  summary: number;
}

/** What only a stream that is made can be told. */
const STREAM_OPTIONS = ["maxBytes", "maxAge", "replicas", "duplicates", "discard"] as const;

/** Adds the command. */
export function addForward(program: Command): void {
  const command = program.command("forward")
    .description("send logs to a stream of NATS JetStream, entry by entry")
    .argument("<name...>", "the logs", sourcesArgument)
    .option("--to <servers>", "the NATS server, or several with commas", serversArgument)
    .requiredOption("--stream <stream>", "the stream", streamArgument)
    .option(
      "--subject <template>",
      "with {host}, {name} and {segment} in it",
      subjectArgument,
      DEFAULT_SUBJECT,
    )
    .option("--host <word>", "what this machine is called (default: its name)", wordArgument)
    .option(
      "--state <path>",
      "where to remember how far it is: a file, or a folder for several logs",
    )
    .addOption(
      new Option("--from <where>", "where no state says it: oldest entry, or new ones only")
        .choices(["oldest", "new"]).default("oldest"),
    )
    .option("--once", "end when all is there that was in the logs at the start")
    .option(
      "--truncate",
      "cut entries that are larger than the server takes, instead of leaving them out",
    )
    .option("--create-stream", "make the stream if it is not there")
    .option("--max-bytes <bytes>", "how much a new stream keeps", sizeArgument)
    .option("--max-age <time>", "how long a new stream keeps a message", durationArgument)
    .option("--replicas <count>", "on how many servers a new stream is", positiveArgument)
    .option("--duplicates <time>", "for how long a new stream knows what it has", durationArgument)
    .addOption(
      new Option("--discard <which>", "what a new stream does when it is full")
        .choices(["old", "new"]),
    )
    .option("--domain <domain>", "the domain of JetStream")
    .option("--max-in-flight <count>", "the most messages on their way", positiveArgument)
    .option(
      "--summary <seconds>",
      "how often to say how far it is; 0: never",
      secondsArgument(0, 86_400),
      10,
    );
  addNatsOptions(command).addHelpText("after", EXAMPLES).action(forwardLogs);
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
  checkOptions(options, command);
  // Before a server is waited for.
  checkForwardOptions(forwardOptions(options));
  using interrupt = new Interrupt();
  // The first log that can't go on ends the others, too.
  const failed = new AbortController();
  const signal = AbortSignal.any([interrupt.signal, failed.signal]);
  const states = statePaths(targets, options.state);
  try {
    await using link = await NatsLink.open({ ...natsOptions(options.to, options), signal });
    const results = await Promise.allSettled(
      targets.map((target, i) =>
        forwardLog(target, { link, signal, options, state: states[i] }).catch((error) => {
          failed.abort();
          throw error;
        })
      ),
    );
    const failure = results.find((result) =>
      result.status === "rejected" && result.reason !== signal.reason
    );
    if (failure?.status === "rejected") throw failure.reason;
  } catch (error) {
    // A server, or a stream, that was waited for in vain.
    if (error !== signal.reason) throw error;
  }
  if (options.once && interrupt.signal.aborted) throw new ExitError(1);
}

/** Ends the command for options that make no sense together. */
function checkOptions(options: ForwardCommandOptions, command: Command): void {
  const useless = STREAM_OPTIONS.find((name) => options[name] !== undefined);
  if (useless !== undefined && !options.createStream) {
    const long = `--${useless.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    command.error(`error: ${long} is for a new stream: it needs --create-stream`, { exitCode: 2 });
  }
}

/** The state file of each log. */
function statePaths(targets: LogTarget[], state: string | undefined): (string | undefined)[] {
  if (state === undefined) return targets.map(() => undefined);
  const isFolder = statSync(state, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (targets.length === 1 && !isFolder) return [state];
  if (!isFolder) mkdirSync(state, { recursive: true });
  const paths = targets.map((target) => {
    const name = typeof target === "string" ? target : target.path;
    return join(state, `${subjectToken(name)}.state`);
  });
  if (new Set(paths).size < paths.length) {
    throw new RangeError(
      "two of these logs would have the same state file: forward them one by one",
    );
  }
  return paths;
}

async function forwardLog(
  target: LogTarget,
  { link, signal, options, state }: {
    link: NatsLink;
    signal: AbortSignal;
    options: ForwardCommandOptions;
    state: string | undefined;
  },
): Promise<void> {
  using reader = await open(target, signal, options.once ?? false);
  const name = oneLine(reader.name);
  await using forwarding = await forward(reader, {
    ...forwardOptions(options),
    link,
    signal,
    ...state !== undefined && { state },
    onGap: ({ from, to, count, reason }) =>
      warn(`${name}: ${entryCount(count)} missing (${reason}): ${from} to ${to}`),
    onTrouble: (trouble) => sayTrouble(name, trouble),
  });
  const timer = options.summary > 0
    ? setInterval(() => warn(`${name}: ${summary(forwarding.stats)}`), options.summary * 1000)
    : undefined;
  try {
    if (options.once) await once(forwarding);
    const stats = await forwarding.done;
    warn(`${name}: ${summary(stats)}`);
    if (stats.inFlight > 0) {
      warn(`${name}: ${stats.inFlight} messages were sent, and are not acknowledged`);
    }
  } finally {
    clearInterval(timer);
  }
}

/** Opens a log; waits for it, unless what is there is all that is wanted. */
function open(target: LogTarget, signal: AbortSignal, isOnce: boolean): Promise<ShmLogReader> {
  const options = { strategy: "oldest", onDamage: "skip", copyMode: "auto" } as const;
  if (isOnce) return Promise.resolve(ShmLogReader.open(target, options));
  return waitForLog(target, signal, options);
}

/** Forwards what is there, and ends. */
async function once(forwarding: Forwarding): Promise<void> {
  // The reason why it could not be is that of `done`.
  await forwarding.flush().catch(() => {});
  await forwarding.close();
}

function forwardOptions(options: ForwardCommandOptions): ForwardOptions {
  const { stream, subject, host, from, truncate, domain, maxInFlight, inboxPrefix } = options;
  const { maxBytes, maxAge, replicas, duplicates, discard } = options;
  const create: NewStreamOptions = {
    ...maxBytes !== undefined && { maxBytes },
    ...maxAge !== undefined && { maxAge },
    ...replicas !== undefined && { replicas },
    ...duplicates !== undefined && { duplicateWindow: duplicates },
    ...discard !== undefined && { discard },
  };
  return {
    stream,
    subject,
    start: from,
    tooLarge: truncate ? "truncate" : "gap",
    ...host !== undefined && { host },
    ...options.createStream && { createStream: create },
    ...domain !== undefined && { domain },
    ...maxInFlight !== undefined && { maxInFlight },
    ...inboxPrefix !== undefined && { inboxPrefix },
  };
}

function sayTrouble(name: string, { type, message: text }: ForwardTrouble): void {
  warn(
    `${name}: ` + {
      refused: `the stream takes nothing: ${text}; trying again and again`,
      resumed: text,
      silent: `${text}; sending again`,
      state: `the state file can't be written: ${text}`,
      replaced: text,
      duplicate: text,
    }[type],
  );
}

/** How far it is, in a line. */
export function summary(stats: ForwardStats): string {
  const { sent, acknowledged, duplicates, gaps, lostEntries, lagEntries, lagSeconds } = stats;
  const lost = gaps === 0 ? "" : ` (${entryCount(lostEntries)})`;
  return `${sent} sent, ${acknowledged} acknowledged, ${duplicates} duplicates, ` +
    `${gaps} gaps${lost}, lag ${entryCount(lagEntries)}, ${lagSeconds.toFixed(1)} s`;
}
