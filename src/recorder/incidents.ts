/**
 * When to save: not at each trigger, and some time after it; but none is lost.
 *
 * @module
 */

import { LONGEST_SLEEP } from "../base/options.ts";

/** A reason to save. */
export interface Trigger {
  /** Why, in a word. */
  readonly reason: string;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** The log it is about, where there are several: each has an interval of its own for each reason. */
  readonly log?: string;
}

/** How many triggers of a log there were for a reason. */
export interface TriggerCount {
  readonly reason: string;
  readonly log: string;
  count: number;
}

/** Something that is saved. */
export interface Incident<Note = unknown> {
  /** Why, in a word: that of the first trigger. */
  readonly reason: string;
  /** The log of the first trigger. */
  readonly log: string;
  /** When the first trigger happened, in milliseconds since 1970. */
  readonly time: number;
  /** The same of the earliest one: one that had to wait for an interval may be earlier than the first. */
  since: number;
  /** How many of what are saved in it, the first one included. */
  readonly counts: Map<string, TriggerCount>;
  /** What came with triggers. */
  readonly notes: Note[];
}

/** What happened to triggers. */
export interface IncidentCounts {
  /** How often there was a reason to save. */
  triggers: number;
  /** How many files were saved. */
  saved: number;
  /** How many triggers came too soon after one like them (`minInterval`): they are saved together when it ends. */
  skipped: number;
  /** How many files could not be saved. */
  failed: number;
}

/** That a trigger is saved later. */
export interface Delay {
  /** In how many milliseconds at most the wait for what comes after it begins. */
  readonly wait: number;
  /** Whether it is the first one of its log and reason that waits. */
  readonly isFirst: boolean;
}

/** How incidents are made of triggers; times are in milliseconds. */
export interface IncidentOptions<Note> {
  /** How long to wait after a trigger before saving. */
  after: number;
  /** How long after a trigger the next one of the same log and reason has to wait. */
  minInterval: number;
  /** Saves. What it throws is counted. */
  save: (incident: Incident<Note>) => Promise<void>;
  /** Called with each timer: so that it keeps no process alive. */
  unref?: (timer: unknown) => void;
}

/**
 * Makes incidents of triggers. One that is like another one within the interval waits: for its end, or for
 * the next incident.
 */
export class Incidents<Note = never> {
  /** What happened to triggers so far. */
  readonly counts: IncidentCounts = { triggers: 0, saved: 0, skipped: 0, failed: 0 };
  readonly #options: IncidentOptions<Note>;
  /** What is saved after `after`. */
  #open: Incident<Note> | undefined;
  /** What waits for the end of an interval; never while one is open. */
  #held: Incident<Note> | undefined;
  /** The timer of the one that is there. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heldUntil = Infinity;
  /** When the interval of those ends that are in the open one. */
  #openUntil = -Infinity;
  /** The same of all, by log and reason. */
  readonly #until = new Map<string, number>();
  /** What is being saved, and what waits until that is done; nothing that somebody else saves by now. */
  readonly #unsaved = new Set<Incident<Note>>();
  #saving: Promise<void> = Promise.resolve();

  /** Waits for triggers. */
  constructor(options: IncidentOptions<Note>) {
    this.#options = options;
  }

  /** Whether something is to be saved soon: triggers are a part of that. */
  get isWaiting(): boolean {
    return this.#open !== undefined;
  }

  /** How many triggers wait for the end of an interval. */
  get held(): number {
    return this.#held === undefined ? 0 : sizeOf(this.#held);
  }

  /** Notes a trigger; returns what it waits for, if that is the end of an interval. */
  trigger(trigger: Trigger, note?: Note): Delay | undefined {
    this.counts.triggers++;
    const key = keyOf(trigger);
    if (this.#open === undefined) {
      const now = performance.now();
      const until = this.#until.get(key) ?? -Infinity;
      if (now < until) {
        this.counts.skipped++;
        this.#held ??= incidentOf(trigger);
        const isFirst = add(this.#held, trigger, note) === 1;
        if (until < this.#heldUntil) this.#holdUntil(until, now);
        return { wait: this.#heldUntil - now, isFirst };
      }
      this.#begin(incidentOf(trigger), trigger, note);
      return undefined;
    }
    add(this.#open, trigger, note);
    this.#until.set(key, this.#openUntil);
    return undefined;
  }

  /** Saves what is to be saved without waiting for what comes after it; resolves when nothing is being saved. */
  async flush(): Promise<void> {
    if (this.#open !== undefined) this.#saveSoon(this.#take()!);
    await this.#saving;
  }

  /** The same, without waiting for the end of an interval either. */
  async finish(): Promise<void> {
    const left = this.#take();
    if (left !== undefined) this.#saveSoon(left);
    await this.#saving;
  }

  /** Saves at once, whatever the interval. */
  async saveNow(reason: string): Promise<void> {
    this.#saveSoon(this.#withAll(reason, this.#take()));
    await this.#saving;
  }

  /**
   * Gives what is not saved yet to somebody who saves it at once, in the last moment of a process, with the
   * reason for that if there is one. What is being saved is given, too, for it may not come to its end: how that
   * ends is not counted.
   */
  takeLast(reason?: string): Incident<Note> | undefined {
    const left = this.#take();
    if (left !== undefined) this.#unsaved.add(left);
    const [first, ...others] = this.#unsaved;
    this.#unsaved.clear();
    for (const other of others) merge(first, other);
    return reason === undefined ? first : this.#withAll(reason, first);
  }

  /** Begins an incident, with what waited. */
  #begin(incident: Incident<Note>, trigger?: Trigger, note?: Note): void {
    const { after, minInterval, unref } = this.#options;
    const now = performance.now();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    if (trigger !== undefined) add(incident, trigger, note);
    const held = this.#take();
    if (held !== undefined && held !== incident) merge(incident, held);
    this.#open = incident;
    this.#openUntil = now + minInterval;
    for (const key of incident.counts.keys()) this.#until.set(key, this.#openUntil);
    this.#timer = setTimeout(() => this.flush(), after);
    unref?.(this.#timer);
  }

  #holdUntil(until: number, now: number): void {
    this.#heldUntil = until;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#held && this.#begin(this.#held),
      Math.min(until - now, LONGEST_SLEEP),
    );
    this.#options.unref?.(this.#timer);
  }

  /** Takes what waits for anything. */
  #take(): Incident<Note> | undefined {
    const incident = this.#open ?? this.#held;
    this.#open = this.#held = undefined;
    this.#heldUntil = Infinity;
    clearTimeout(this.#timer);
    return incident;
  }

  /** An incident of now, with all of another one. */
  #withAll(reason: string, other: Incident<Note> | undefined): Incident<Note> {
    this.counts.triggers++;
    const trigger = { reason, time: Date.now() };
    const incident = incidentOf<Note>(trigger);
    add(incident, trigger);
    if (other !== undefined) merge(incident, other);
    return incident;
  }

  #saveSoon(incident: Incident<Note>): void {
    this.#unsaved.add(incident);
    this.#saving = this.#saving.then(() => this.#save(incident));
  }

  async #save(incident: Incident<Note>): Promise<void> {
    if (!this.#unsaved.has(incident)) return;
    let outcome: "saved" | "failed" = "saved";
    try {
      await this.#options.save(incident);
    } catch {
      // What saves it has reported it.
      outcome = "failed";
    }
    if (this.#unsaved.delete(incident)) this.counts[outcome]++;
  }
}

/** What has an interval of its own. */
function keyOf({ reason, log = "" }: Trigger): string {
  return `${reason} ${log}`;
}

function incidentOf<Note>({ reason, log = "", time }: Trigger): Incident<Note> {
  return { reason, log, time, since: time, counts: new Map(), notes: [] };
}

/** Adds a trigger; returns how many of its log and reason there are now. */
function add<Note>(incident: Incident<Note>, trigger: Trigger, note?: Note): number {
  const { reason, log = "", time } = trigger;
  const key = keyOf(trigger);
  const counted = incident.counts.get(key) ?? { reason, log, count: 0 };
  incident.counts.set(key, counted);
  incident.since = Math.min(incident.since, time);
  if (note !== undefined) incident.notes.push(note);
  return ++counted.count;
}

/** Adds all of another incident. */
function merge<Note>(incident: Incident<Note>, other: Incident<Note>): void {
  for (const [key, { count, ...of }] of other.counts) {
    const counted = incident.counts.get(key) ?? { ...of, count: 0 };
    incident.counts.set(key, counted);
    counted.count += count;
  }
  incident.since = Math.min(incident.since, other.since);
  incident.notes.push(...other.notes);
}

/** How many triggers an incident has. */
function sizeOf({ counts }: Incident): number {
  let size = 0;
  for (const { count } of counts.values()) size += count;
  return size;
}
