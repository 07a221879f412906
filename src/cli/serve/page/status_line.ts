/// <reference lib="dom" />
/** The line at the bottom, and the one beside the name: what is shown, and what is not. */

import type { LogState, Stats } from "../messages.ts";
import type { ConnectionState } from "./source.ts";
import { byId, setText } from "./dom.ts";
import { entryCount, formatCount, formatShort } from "./format.ts";

/** Says how things are. */
export class StatusLine {
  readonly #showing = byId("showing");
  readonly #loss = byId("loss");
  readonly #state = byId("state");
  #log: LogState | undefined;
  #connection: ConnectionState | undefined;
  /** Why it is so, in the words of the server. */
  #reason: string | undefined;
  /** How many entries a second the server sends at most. */
  mostEntries = 0;
  /** How many that match were left out, live. */
  left = 0;
  /** Whether it is known which logs there are. */
  isListed = false;
  isFiltered = false;
  isPaused = false;
  /** How many rows are kept. */
  kept = 0;
  /** How far the search through what is there has come. */
  progress: number | undefined;

  /** The state of the log. */
  set log(log: LogState) {
    this.#log = log;
    this.#showState();
  }

  /** How the connection is, and why, if the server has said that. */
  connect(connection: ConnectionState, reason?: string): void {
    this.#connection = connection;
    this.#reason = reason;
    if (connection !== "open") this.#log = undefined;
    this.#showState();
  }

  /** Shows numbers. */
  show(stats: Stats): void {
    const isSampled = !this.isPaused &&
      (this.isFiltered ? stats.sent < 0.95 * stats.matched : stats.sent < 0.95 * stats.entries) &&
      stats.entries > 0.5 * this.mostEntries;
    const isPartlyExamined = !this.isPaused && this.isFiltered &&
      stats.examined < 0.95 * stats.entries && stats.entries > 1000;
    this.#showing.classList.toggle("sampled", isSampled || isPartlyExamined);
    setText(this.#showing, this.#describe(stats, isSampled, isPartlyExamined));
    const parts: string[] = [];
    if (this.#log?.missing !== undefined) parts.push(this.#log.missing);
    if (stats.lost > 0) {
      parts.push(`${formatCount(stats.lost)} ${this.#log?.isSaved ? "damaged" : "lost"}`);
    }
    if (stats.dropped > 0) {
      parts.push(`${formatCount(stats.dropped)} dropped: this browser is slow`);
    }
    setText(this.#loss, parts.join(" · "));
    this.#loss.className = parts.length > 0 ? "bad" : "";
    this.#loss.title = "lost: overwritten before the server could read them";
  }

  /** Why there is nothing to see. */
  whyEmpty(log: string | undefined): string {
    if (this.#connection === "refused") {
      return "The server does not accept this address. Open the one that it printed last.";
    }
    if (this.#connection === "waiting") return this.#reason ?? "The server does not answer.";
    if (this.#connection === undefined) return "Connecting …";
    if (log === undefined && !this.isListed) return "Looking for logs …";
    if (log === undefined) return "There is no log on this machine yet. A new one appears here.";
    if (this.progress !== undefined) return `Searching … ${Math.round(this.progress * 100)} %`;
    if (this.#log?.state === "failed") return this.#log.reason ?? "The log can't be read.";
    if (this.#log?.state === "missing") {
      return "The log does not exist. It appears here when it is created.";
    }
    const end = this.#log?.isSaved ? "." : undefined;
    return this.isFiltered ? `Nothing matches${end ?? " so far."}` : `No entries${end ?? " yet."}`;
  }

  #describe(stats: Stats, isSampled: boolean, isPartlyExamined: boolean): string {
    if (this.#log?.isSaved) {
      const { matched, entries } = stats;
      return `${matched === entries ? "all" : `${formatCount(matched)} of`} ${entryCount(entries)}`;
    }
    const kept = `${formatCount(this.kept)} kept`;
    if (this.isPaused) return `paused · ${formatShort(stats.entries)}/s not shown · ${kept}`;
    if (this.progress !== undefined) return `searching ${Math.round(this.progress * 100)} %`;
    const { sent, matched, examined, entries } = stats;
    if (isPartlyExamined) {
      return `showing ${formatShort(sent)} of ${formatShort(matched)} matches/s in a sample of ` +
        `${formatShort(examined)} of ${formatShort(entries)}/s · ${kept}`;
    }
    if (isSampled) {
      const what = this.isFiltered
        ? `${formatShort(matched)} matches/s`
        : `${formatShort(entries)}/s`;
      return `showing ${formatShort(sent)} of ${what} · ${kept}`;
    }
    const rate = this.isFiltered
      ? `${formatShort(matched)} matches/s of ${formatShort(entries)}/s`
      : `all ${formatShort(entries)}/s`;
    return `showing ${rate} · ${kept}`;
  }

  #showState(): void {
    const [text, kind] = this.#stateInWords();
    setText(this.#state, text);
    this.#state.className = `chip ${kind}`;
    this.#state.title = this.#reason ?? "";
  }

  #stateInWords(): [string, string] {
    switch (this.#connection) {
      case undefined:
        return ["connecting", ""];
      case "waiting":
        return ["reconnecting", "bad"];
      case "refused":
        return ["refused", "bad"];
    }
    switch (this.#log?.state) {
      case "live":
        if (this.#log.missing !== undefined) return ["cut off", "bad"];
        if (this.#log.isSaved) return ["saved", ""];
        if (this.#log.isFinished) return ["finished", ""];
        return this.#log.isCopy ? ["saved", ""] : ["live", "live"];
      case "missing":
        return ["not there", "bad"];
      case "failed":
        return [this.#log.reason ?? "can't be read", "bad"];
      default:
        return ["connected", ""];
    }
  }
}
