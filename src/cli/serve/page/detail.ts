/// <reference lib="dom" />
/** All that an entry says. */

import type { Item } from "./entry_store.ts";
import { byId } from "./dom.ts";
import { formatCount } from "./format.ts";
import { pretty, severalLines } from "./entry_text.ts";

/** A pane that shows one entry. */
export class Detail {
  readonly #pane = byId("detail");
  readonly #title = byId("detail-title");
  readonly #text = byId("detail-text");
  #item: Item | undefined;

  /** The entry that is shown. */
  get item(): Item | undefined {
    return this.#item;
  }

  /** Whether an entry is shown. */
  get isOpen(): boolean {
    return !this.#pane.hidden;
  }

  /** Shows an entry. */
  show(item: Item): void {
    this.#item = item;
    const from = item.source === undefined ? "" : ` from ${item.source}`;
    this.#title.textContent = `Entry ${formatCount(item.number)}${from}`;
    const rest = item.bytes === undefined
      ? ""
      : `\n\n… the first ${formatCount(item.text.length)} characters of ${
        formatCount(item.bytes)
      } bytes`;
    this.#text.textContent = severalLines(pretty(item.text)) + rest;
    this.#pane.hidden = false;
    this.#text.scrollTop = 0;
  }

  /** Shows nothing. */
  hide(): void {
    this.#pane.hidden = true;
    this.#item = undefined;
  }
}
