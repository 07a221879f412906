/**
 * When to save: not at each trigger, and some time after it.
 *
 * @module
 */

/** Something that is saved. */
export interface Incident {
  /** Why, in a word: that of the first trigger. */
  readonly reason: string;
  /** When the first trigger happened, in milliseconds since 1970. */
  readonly time: number;
  /** How many other triggers there were before it was saved: they are in the file, too. */
  others: number;
}

/** What happened to triggers. */
export interface IncidentCounts {
  /** How often there was a reason to save. */
  triggers: number;
  /** How many files were saved. */
  saved: number;
  /** How many triggers came too soon after another one (`minInterval`), and were not saved. */
  skipped: number;
  /** How many files could not be saved. */
  failed: number;
}

/** How incidents are made of triggers; times are in milliseconds. */
export interface IncidentOptions {
  /** How long to wait after a trigger before saving. */
  after: number;
  /** How long after a trigger the next one is only counted. */
  minInterval: number;
  /** Saves. What it throws is counted. */
  save: (incident: Incident) => Promise<void>;
  /** Called with each timer: so that it keeps no process alive. */
  unref?: (timer: unknown) => void;
}

/** Makes incidents of triggers. */
export class Incidents {
  /** What happened to triggers so far. */
  readonly counts: IncidentCounts = { triggers: 0, saved: 0, skipped: 0, failed: 0 };
  readonly #options: IncidentOptions;
  #open: Incident | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt = -Infinity;
  #saving: Promise<void> = Promise.resolve();
  #running: Incident | undefined;

  /** Waits for triggers. */
  constructor(options: IncidentOptions) {
    this.#options = options;
  }

  /** Whether something is to be saved soon: triggers are a part of that. */
  get isWaiting(): boolean {
    return this.#open !== undefined;
  }

  /**
   * Notes a trigger.
   *
   * @returns whether it will be saved
   */
  trigger(reason: string, time: number = Date.now()): boolean {
    this.counts.triggers++;
    if (this.#open !== undefined) {
      this.#open.others++;
      return true;
    }
    const { after, minInterval, unref } = this.#options;
    const now = performance.now();
    if (now < this.#nextAt) {
      this.counts.skipped++;
      return false;
    }
    this.#nextAt = now + minInterval;
    this.#open = { reason, time, others: 0 };
    this.#timer = setTimeout(() => this.flush(), after);
    unref?.(this.#timer);
    return true;
  }

  /** Saves what is to be saved without waiting any longer; resolves when nothing is being saved. */
  async flush(): Promise<void> {
    const incident = this.#take();
    if (incident !== undefined) this.#saving = this.#saving.then(() => this.#save(incident));
    await this.#saving;
  }

  /** Saves at once, whatever the interval. */
  async saveNow(reason: string): Promise<void> {
    this.counts.triggers++;
    const open = this.#take();
    const incident = { reason, time: open?.time ?? Date.now(), others: open ? open.others + 1 : 0 };
    this.#nextAt = performance.now() + this.#options.minInterval;
    this.#saving = this.#saving.then(() => this.#save(incident));
    await this.#saving;
  }

  /**
   * Gives what is not saved yet to somebody who saves it at once, in the last moment of a process, with the
   * reason for that if there is one.
   */
  takeLast(reason?: string): Incident | undefined {
    // It will not come to its end.
    const left = this.#take() ?? this.#running;
    if (reason === undefined) return left;
    this.counts.triggers++;
    return { reason, time: left?.time ?? Date.now(), others: left ? left.others + 1 : 0 };
  }

  #take(): Incident | undefined {
    const incident = this.#open;
    this.#open = undefined;
    clearTimeout(this.#timer);
    return incident;
  }

  async #save(incident: Incident): Promise<void> {
    this.#running = incident;
    try {
      await this.#options.save(incident);
      this.counts.saved++;
    } catch {
      // What saves it has reported it.
      this.counts.failed++;
    } finally {
      this.#running = undefined;
    }
  }
}
