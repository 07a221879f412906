/**
 * The JSON of a trace, made of logs and of files of events.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { basename } from "node:path";
import { EventLogReader } from "../../events/native/event_log_reader.ts";
import type { Entry } from "../../log/entry.ts";
import { entryParts } from "../../log/native/entry_lines.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { ChromeTrace } from "../../records/chrome_trace.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { WholeLines } from "../../records/whole_lines.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import { ReceivedLog } from "../output/received_log.ts";
import { entryCount } from "../output/warn.ts";
import { entryOf, type EventTarget } from "./event_entries.ts";

/** How many characters are in a piece. */
const PIECE = 1 << 18;

/** Collects a trace. */
export class TracePieces {
  readonly #trace = new ChromeTrace();
  readonly #pieces: Buffer[] = [];
  #text = '{"displayTimeUnit":"ms","traceEvents":[';
  #separator = "\n";
  #entries = 0;
  #untimed = 0;

  /** What was done. */
  get words(): string {
    const untimed = this.#untimed > 0
      ? `, ${this.#untimed} left out because they have no time`
      : "";
    return `${entryCount(this.#entries)}${untimed}`;
  }

  /** Adds a saved log. */
  addLog(path: string, title: string): void {
    using received = ReceivedLog.open({ path });
    using reader = ShmLogReader.open({ path }, { strategy: "oldest", onDamage: "skip" });
    const sourceOf = ({ sequenceNumber }: Entry) => received?.of(sequenceNumber).label;
    const lines = new WholeLines(entryParts(sourceOf));
    for (const entry of reader) {
      const line = lines.take(entry);
      if (line !== undefined) this.#add(sourceOf(line) ?? title, line.text);
    }
    for (const line of lines.rest()) this.#add(sourceOf(line) ?? title, line.text);
  }

  /** Adds a file of events. */
  addEvents({ path }: EventTarget, criteria: Criteria): void {
    using reader = EventLogReader.open(path);
    const selection = new Selection(criteria, false, () => path);
    let number = 0;
    for (const event of reader) {
      const entry = entryOf(event, ++number);
      if (selection.wants(entry, false)) this.#add(basename(path), entry.text);
    }
  }

  /** All of it. */
  end(): readonly Buffer[] {
    this.#text += "\n]}\n";
    this.#flush();
    return this.#pieces;
  }

  #add(log: string, text: string): void {
    const record = recognizeRecord(text, true);
    if (record?.time === undefined) {
      this.#untimed++;
      return;
    }
    this.#entries++;
    for (const event of this.#trace.eventsOf(log, record, text)) {
      this.#text += `${this.#separator}${JSON.stringify(event)}`;
      this.#separator = ",\n";
    }
    if (this.#text.length > PIECE) this.#flush();
  }

  #flush(): void {
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = "";
  }
}
