/**
 * `ouroboros watch`: logs watched from outside, and saved when something happens.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { describe } from "../base/arguments.ts";
import { LogSet } from "../log/native/log_set.ts";
import { OpenedLog } from "../log/native/opened_log.ts";
import { saveOpened } from "../log/native/save.ts";
import type { LogTarget } from "../log/native/target.ts";
import { type Condition, parseCondition } from "../recorder/conditions.ts";
import { IncidentFolder, prepareFolder } from "../recorder/incident_folder.ts";
import { type Incident, Incidents } from "../recorder/incidents.ts";
import { type LogTrigger, watchLogs } from "../recorder/watch_logs.ts";
import { type CollectedNote, collectLogs } from "../ship/collect.ts";
import { Where } from "./grep/where.ts";
import {
  durationArgument,
  durationWithin,
  positiveArgument,
  sourcesArgument,
} from "./options/arguments.ts";
import { summaryOption } from "./options/common.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { formatSize } from "../base/sizes.ts";
import { usageError } from "./options/subcommand.ts";
import { isReceived } from "./output/received_log.ts";
import { counted, entryCount, warn } from "./output/warn.ts";
import { explain } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";
import { Commands, splitWords } from "./watch/commands.ts";
import { HeldLogs } from "./watch/held_logs.ts";
import { inWords, noteOf, othersIn, triggersOf } from "./watch/words.ts";

const EXAMPLES = `
A <condition> is
  error, warn, …   a record of at least this level
  dead             a writer was killed, or ended without finishing or removing its
                   log; not where "run", "register" or a sink with "exitEntry" has
                   recorded an end without an error
  silent:5s        nothing was written for so long, and its writer has not ended;
                   once, until an entry comes
  blocked          a watchdog says that a main thread stands still
  'status:>=500'   any question of "tail --where"

What is saved is one file of all logs that are watched: what was written from
--last before the first trigger to --after it. The same condition in the same log
within --min-interval is saved later: at its end, or with the next file. A message
says so. Without --save what happens is printed, and --exec runs.

The files are NAME-TIME-REASON.log; --keep removes the oldest of them. The logs
must be large enough to reach back that far.

--exec runs a command without a shell, one at a time, for a minute at most.
{file}, {log} and {reason} stand for what was saved, where and why it happened;
so do OUROBOROS_FILE, OUROBOROS_SAVED_LOG and OUROBOROS_REASON in its environment.
That is the first trigger; OUROBOROS_TRIGGERS has all of one file, as lines like
"dead 1 /app.1": reason, count, log. Watching continues meanwhile.

The command ends at Ctrl-C, after it has saved what is not saved yet.
${PATTERN_HELP}

Examples:
  ouroboros watch '/app.*' --when error --when dead --save /var/crash
  ouroboros watch /api /db --when 'status:>=500' --save crashes --last 1m
  ouroboros watch '/app.*' --when silent:30s --exec 'notify-send {reason} {log}'
  ouroboros watch '/app.*' --when error --save crashes --exec 'mail-it.sh {file}'`;

interface WatchOptions {
  when: Condition[];
  save?: string;
  last: number;
  after: number;
  keep: number;
  minInterval: number;
  exec?: string[];
  summary: number;
}

/** Adds the command. */
export function addTo(program: Command): void {
  program.command("watch")
    .description("Watch logs, and save them when something happens.")
    .summary("watch logs, and save them when something happens")
    .argument("<name...>", "the logs", sourcesArgument)
    .addOption(
      new Option("--when <condition>", "what to watch for; may be repeated")
        .argParser(conditionsArgument).makeOptionMandatory(),
    )
    .option("--save <folder>", "save into this folder, which is made if it does not exist")
    .addOption(
      new Option("--last <time>", "how much to save of what came before")
        .argParser(durationArgument).default(30_000, "30s"),
    )
    .addOption(
      new Option("--after <time>", "how long to wait before saving")
        .argParser(durationWithin(0)).default(2_000, "2s"),
    )
    .addOption(
      new Option("--keep <count>", "how many files to keep").argParser(positiveArgument)
        .default(10),
    )
    .addOption(
      new Option(
        "--min-interval <time>",
        "how soon the same condition in the same log is saved again",
      )
        .argParser(durationWithin(0)).default(30_000, "30s"),
    )
    .option("--exec <command>", "command to run when it happens: 'notify {file}'", wordsArgument)
    .addOption(summaryOption(0))
    .addHelpText("after", EXAMPLES)
    .action(watch);
}

function conditionsArgument(text: string, previous: Condition[] = []): Condition[] {
  try {
    return [...previous, parseCondition(text, (text) => new Where(text))];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      throw new InvalidArgumentError(`${error.message}.`);
    }
    throw error;
  }
}

function wordsArgument(text: string): string[] {
  const words = splitWords(text);
  if (words !== undefined) return words;
  throw new InvalidArgumentError("A command is expected, in which every quote is closed.");
}

async function watch(targets: LogTarget[], options: WatchOptions, command: Command): Promise<void> {
  const { when, save, exec } = options;
  if (save === undefined && exec?.some((word) => word.includes("{file}"))) {
    usageError(command, "{file} needs a folder: --save <folder>");
  }
  if (save !== undefined && statSync(save, { throwIfNoEntry: false })?.isDirectory() === false) {
    usageError(command, `--save ${describe(save)} is not a folder`);
  }
  // Not only when something has happened.
  if (save !== undefined) prepareFolder(save);
  const names = new NamedLogs(targets);
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const all = when.some(({ reason }) => reason === "blocked")
    ? [...names.targets, ...names.targets.map(watchdogOf)]
    : names.targets;
  let watching: Watcher | undefined = undefined;
  using set = LogSet.open(all, {
    from: "new",
    // Within a log the order is never changed, and the order of logs does not matter here.
    timeOf: () => undefined,
    onJoin: (name) => {
      if (watching === undefined) return;
      watching.held?.look();
      warn(`watching ${name}, too`);
    },
    onLeave: (name) => warn(`${name}: ${wordsOfEnd(name)}`),
    onError: (error, name) => warn(`${name}: ${explain(error)}`),
  });
  const watcher = new Watcher(set, names, options, signal);
  watching = watcher;
  using _held = watcher.held;
  const timer = options.summary > 0
    ? setInterval(() => warn(watcher.summary()), options.summary)
    : undefined;
  try {
    const onTrigger = (trigger: LogTrigger) => watcher.trigger(trigger);
    const onEntry = () => watcher.entries++;
    const watched = watchLogs({ set, conditions: when, signal, onTrigger, onEntry });
    // It has looked at the writers: none that ends from now on is missed.
    const count = set.members.length;
    warn(count === 0 ? "waiting for a log" : `watching ${counted(count, "log")}`);
    await watched;
    await watcher.finish();
  } finally {
    clearInterval(timer);
  }
  warn(watcher.summary());
}

/** Why a log is not there any more. */
function wordsOfEnd(name: string): string {
  const [, pid] = /^\/proc\/(\d+)\/root\//.exec(name) ?? [];
  return pid === undefined || existsSync(`/proc/${pid}/root/`)
    ? "the log is removed"
    : `the process ${pid}, through which it was seen, has ended`;
}

/** The log of a log's watchdog. */
function watchdogOf(target: LogTarget): LogTarget {
  return typeof target === "string" ? `${target}.watch` : { path: `${target.path}.watch` };
}

/** Saves, and runs commands. */
class Watcher {
  entries = 0;
  /** What can be saved; without a folder none is needed. */
  readonly held: HeldLogs | undefined;
  readonly #set: LogSet;
  readonly #isOne: boolean;
  readonly #options: WatchOptions;
  readonly #incidents: Incidents<CollectedNote>;
  readonly #folder: IncidentFolder | undefined;
  readonly #commands: Commands | undefined;
  #isSaving = false;

  constructor(set: LogSet, names: NamedLogs, options: WatchOptions, signal: AbortSignal) {
    this.#set = set;
    this.#isOne = names.isOne;
    this.#options = options;
    const { save, exec, last, after, minInterval, keep } = options;
    this.#incidents = new Incidents({
      // Where nothing is saved there is nothing to wait for.
      after: save === undefined ? 0 : after,
      minInterval,
      save: (incident) => this.#save(incident),
    });
    if (save !== undefined) {
      this.held = new HeldLogs(
        set,
        () => this.#incidents.held > 0 ? Infinity : last,
        () => this.#incidents.isWaiting || this.#isSaving,
      );
      // What all of its files are called: "app" for /app.*
      const name = basename(nameOf(names.targets[0])).replace(/[.-]*(?:[*?[{].*)?$/, "");
      this.#folder = new IncidentFolder(save, name || "watch", keep);
    }
    if (exec !== undefined) this.#commands = new Commands(exec, signal);
  }

  /** Notes what happened; says it if it is not saved soon. */
  trigger(trigger: LogTrigger): void {
    const { log, reason } = trigger;
    const delay = this.#incidents.trigger(trigger, noteOf(trigger));
    if (!delay?.isFirst) return;
    const what = this.#folder === undefined ? "counted for" : "to be saved in";
    warn(`${reason} in ${log} again: ${what} ${inWords(delay.wait)} (--min-interval)`);
  }

  /** Saves what is to be saved, and waits for what runs. */
  async finish(): Promise<void> {
    await this.#incidents.finish();
    await this.#commands?.idle();
  }

  summary(): string {
    const { triggers, saved, failed } = this.#incidents.counts;
    const { held } = this.#incidents;
    const { lostEntries } = this.#set;
    const toCome = held > 0 ? `, ${held} to come (--min-interval)` : "";
    const became = triggers === 0 || this.#folder === undefined
      ? toCome
      : `: ${triggers - held} in ${counted(saved, "file")}${toCome}`;
    return `${entryCount(this.entries)} seen; ` +
      `${counted(triggers, "trigger")}${became}` +
      (failed > 0 ? `, ${failed} times not saved` : "") +
      (lostEntries > 0 ? `; ${entryCount(lostEntries)} overwritten before they were seen` : "");
  }

  async #save(incident: Incident<CollectedNote>): Promise<void> {
    const { reason, log } = incident;
    const what = `${reason} in ${log}`;
    const others = othersIn(incident);
    this.#isSaving = true;
    try {
      const saved = await this.#folder?.save(incident, (path) => this.#saveInto(path, incident));
      if (saved === undefined) warn(what + others);
      else {
        const { entries, size, path, logs, lost } = saved;
        const ofLogs = logs === undefined ? "" : ` of ${counted(logs, "log")}`;
        const missing = lost > 0 ? ` (${lost} were overwritten meanwhile)` : "";
        warn(
          `${what}: ${entryCount(entries)}${ofLogs}${missing}, ${
            formatSize(size)
          } in ${path}${others}`,
        );
      }
      const file = saved?.path ?? "";
      this.#commands?.run({ file, log, reason, triggers: triggersOf(incident) });
    } catch (error) {
      warn(`${what}: not saved: ${explain(error)}${others}`);
      throw error;
    } finally {
      this.#isSaving = false;
    }
  }

  async #saveInto(
    path: string,
    incident: Incident<CollectedNote>,
  ): Promise<{ path: string; entries: number; size: number; logs?: number; lost: number }> {
    const since = incident.since - this.#options.last;
    const logs = this.held!.all();
    // A copy of a log that was received would not say where its entries are from.
    const isOne = this.#isOne && logs.length === 1;
    if (isOne && logs[0] instanceof OpenedLog && !isReceived(logs[0].target)) {
      const saved = await saveOpened(logs[0].share(), path, { since, isNeverEmpty: true });
      return { ...saved, lost: saved.leftOut };
    }
    return await collectLogs(logs, path, {
      since,
      isNeverEmpty: true,
      notes: incident.notes,
      onError: (error, name) => warn(`${name}: ${explain(error)}`),
    });
  }
}
