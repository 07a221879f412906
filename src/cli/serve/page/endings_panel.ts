/// <reference lib="dom" />
/** What ended, as far as the closing entries of `run` and `watch` in files say: each leads to its entry. */

import { recognizeRecord } from "../../../records/recognize.ts";
import { byId, make } from "./dom.ts";
import { oneLine } from "./entry_text.ts";
import { formatMoment } from "./format.ts";
import type { Ending } from "./saved_source.ts";

/** How many are listed: the last ones. */
const MOST = 8;

/** The list. */
export class EndingsPanel {
  readonly #section = byId("ended");
  readonly #list = byId("endings");
  readonly #onChosen: (ending: Ending) => void;

  /** Calls `onChosen` when one of them is chosen. */
  constructor(onChosen: (ending: Ending) => void) {
    this.#onChosen = onChosen;
  }

  /** Shows them, in the order of the files; no list without any. */
  show(endings: readonly Ending[]): void {
    this.#section.hidden = endings.length === 0;
    this.#list.replaceChildren(...endings.slice(-MOST).map((ending) => this.#buttonOf(ending)));
  }

  #buttonOf(ending: Ending): HTMLElement {
    const { time, level = "", message = "" } = recognizeRecord(ending.text) ?? {};
    const when = time === undefined ? "" : formatMoment(time);
    const lines = [oneLine(message), oneLine(ending.source ?? ""), when];
    const button = make("button", level);
    button.title = lines.filter((text) => text !== "").join("\n");
    button.append(...lines.map((text, i) => make("span", i === 0 ? "message" : "size", text)));
    button.addEventListener("click", () => this.#onChosen(ending));
    return button;
  }
}
