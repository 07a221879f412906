/// <reference lib="dom" />
/** One row of the list. What an entry says is only ever text. */

import { levelOf } from "../level_of.ts";
import type { LogLevel } from "../../../records/level.ts";
import { recognizeRecord } from "../../../records/recognize.ts";
import type { Item } from "./entry_store.ts";
import { make, setText } from "./dom.ts";
import { formatMoment } from "./format.ts";
import { oneLine } from "./entry_text.ts";
import type { RowView } from "./virtual_list.ts";

/** What a row says of an entry. */
interface Shown {
  time: string;
  level: LogLevel | undefined;
  logger: string;
  message: string;
  fields: string;
}

/** How many characters of a message or its fields are in a row: no screen is wider. */
const MOST = 600;

/** What is marked in rows. */
export interface Marks {
  /** Words in small letters. */
  words: readonly string[];
}

/** Makes rows in which words are marked. */
export function rowMaker(marks: Marks): () => RowView {
  return () => new EntryRowView(marks);
}

class EntryRowView implements RowView {
  readonly element = make("div", "row");
  readonly #marks: Marks;
  readonly #number = make("span", "number");
  readonly #time = make("span", "time");
  readonly #level = make("span", "level");
  readonly #text = make("span", "text");
  readonly #source = make("span", "source");
  readonly #logger = make("span", "logger");
  readonly #message = make("span", "message");
  readonly #fields = make("span", "fields");

  constructor(marks: Marks) {
    this.#marks = marks;
    this.element.setAttribute("role", "option");
    this.#text.append(this.#source, this.#logger, this.#message, this.#fields);
    this.element.append(this.#number, this.#time, this.#level, this.#text);
  }

  show(item: Item, isSelected: boolean): void {
    const { element } = this;
    element.setAttribute("aria-selected", String(isSelected));
    if (item.number === 0) {
      element.className = "row remark";
      setText(this.#message, item.text);
      const others = [
        this.#number,
        this.#time,
        this.#level,
        this.#source,
        this.#logger,
        this.#fields,
      ];
      for (const one of others) setText(one, "");
      return;
    }
    const shown = (item.shown ??= read(item.text)) as Shown;
    element.className = shown.level === undefined ? "row" : `row ${shown.level}`;
    setText(this.#number, String(item.number));
    setText(this.#time, shown.time);
    setText(this.#level, shown.level ?? "");
    setText(this.#source, item.source ?? "");
    this.#source.className = `source color${colorOf(item.source ?? "")}`;
    setText(this.#logger, shown.logger);
    this.#mark(this.#message, shown.message);
    this.#mark(this.#fields, shown.fields);
  }

  #mark(element: HTMLElement, text: string): void {
    const { words } = this.#marks;
    if (words.length === 0) return setText(element, text);
    element.replaceChildren(...marked(text, words));
  }
}

/** The text in pieces, of which those that were searched for are marked. */
export function* marked(text: string, words: readonly string[]): Iterable<Node | string> {
  const lower = text.toLowerCase();
  // A letter whose small form is longer would move the marks: then nothing is marked.
  if (lower.length !== text.length) return yield text;
  for (let at = 0; at < text.length;) {
    let [start, length] = [text.length, 0];
    for (const word of words) {
      const found = lower.indexOf(word, at);
      if (found >= 0 && (found < start || (found === start && word.length > length))) {
        [start, length] = [found, word.length];
      }
    }
    if (start > at) yield text.slice(at, start);
    if (length > 0) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(start, start + length);
      yield mark;
    }
    at = start + length;
  }
}

/** The number of a color, the same for the same name. */
function colorOf(name: string): number {
  let sum = 0;
  // Slots differ in their last digits only, and get colors that follow each other.
  for (let i = 0; i < name.length; i++) sum = (sum + name.charCodeAt(i)) % 6;
  return sum;
}

function read(text: string): Shown {
  const record = recognizeRecord(text, true);
  if (record === undefined) {
    const message = oneLine(text.slice(0, MOST));
    return { time: "", level: levelOf(undefined, text), logger: "", message, fields: "" };
  }
  return {
    time: record.time === undefined ? "" : formatMoment(record.time),
    level: record.level,
    logger: oneLine(record.logger ?? ""),
    message: oneLine((record.message ?? "").slice(0, MOST)),
    fields: fieldsOf(record.fields),
  };
}

function fieldsOf(fields: Record<string, unknown>): string {
  let text = "";
  for (const key in fields) {
    const value = fields[key];
    text += `${text === "" ? "" : " "}${key}=`;
    text += typeof value === "string" ? value : JSON.stringify(value);
    if (text.length > MOST) break;
  }
  return oneLine(text.slice(0, MOST));
}
