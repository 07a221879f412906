/** Which fields entries have, and some of their values, as far as the page has seen them. */

import { recognizeRecord } from "../../../records/recognize.ts";
import type { LogRecord } from "../../../records/record.ts";
import type { EntryRow } from "../messages.ts";

/** How many rows are looked at, of those that come together. */
const MOST_LEARNED = 20;
/** How many fields are known at most, and how many values of each. */
const MOST_FIELDS = 300;
const MOST_VALUES = 30;
/** How long a name and a value may be: nobody chooses a longer one from a list. */
const LONGEST_NAME = 80;
const LONGEST_VALUE = 60;
/** How deep it is looked into objects. */
const DEEPEST = 4;

/** Fields by their names, `req.url` for nested ones. */
export class KnownFields {
  readonly #fields = new Map<string, Map<string, number>>();

  /** Looks at the last of some rows. */
  learnFrom(rows: readonly EntryRow[]): void {
    for (const [, text] of rows.slice(-MOST_LEARNED)) {
      const record = recognizeRecord(text);
      if (record !== undefined) this.learn(record);
    }
  }

  /** Looks at a record. */
  learn({ fields, logger }: LogRecord): void {
    if (logger !== undefined) this.#add("logger", logger);
    this.#learn(fields, "", 1);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#fields.clear();
  }

  /** Names that have a text in them, those that begin with it first. */
  names(part: string): string[] {
    return nearest([...this.#fields.keys()], part);
  }

  /** Values of a field that have a text in them, those that begin with it first, and the most frequent. */
  values(name: string, part: string): string[] {
    const values = [...this.#fields.get(name) ?? []].sort(([, a], [, b]) => b - a);
    return nearest(values.map(([value]) => value), part);
  }

  #learn(object: object, before: string, depth: number): void {
    for (const [key, value] of Object.entries(object)) {
      const name = before + key;
      if (typeof value !== "object" || value === null) this.#add(name, value);
      else if (Array.isArray(value)) this.#add(name, undefined);
      else if (depth < DEEPEST) this.#learn(value, `${name}.`, depth + 1);
    }
  }

  #add(name: string, value: unknown): void {
    if (name === "" || name.length > LONGEST_NAME) return;
    let values = this.#fields.get(name);
    if (values === undefined) {
      if (this.#fields.size >= MOST_FIELDS) return;
      this.#fields.set(name, values = new Map());
    }
    if (value === undefined || value === null) return;
    const text = String(value);
    if (text === "" || text.length > LONGEST_VALUE) return;
    const count = values.get(text);
    if (count !== undefined || values.size < MOST_VALUES) values.set(text, (count ?? 0) + 1);
  }
}

function nearest(texts: readonly string[], part: string): string[] {
  const lower = part.toLowerCase();
  const found = texts.filter((text) => text.toLowerCase().includes(lower));
  const begins = (text: string) => text.toLowerCase().startsWith(lower) ? 0 : 1;
  return found.sort((one, other) => begins(one) - begins(other));
}
