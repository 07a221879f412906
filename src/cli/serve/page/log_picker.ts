/// <reference lib="dom" />
/** The choice of the log; on a phone it is in a drawer, with the ring. */

import type { LogSummary } from "../messages.ts";
import { byId, make, setText } from "./dom.ts";
import { formatSize } from "../../../base/sizes.ts";
import { entryCount, formatCount, formatMoment } from "./format.ts";
import { oneLine } from "./entry_text.ts";

/** The list of logs. */
export class LogPicker {
  readonly #box = byId("logs");
  readonly #panel = byId("panel");
  readonly #button = byId("panel-button");
  readonly #onChosen: (name: string) => void;
  #logs: readonly LogSummary[] | undefined;
  /** How many more there are. */
  unlisted = 0;
  #chosen: string | undefined;
  // The one that was brought into view.
  #revealed: string | undefined;

  constructor(onChosen: (name: string) => void) {
    this.#onChosen = onChosen;
    this.#button.addEventListener("click", () => this.toggle(!this.isOpen));
    document.addEventListener("pointerdown", (event) => {
      const target = event.target as Node;
      if (!this.#panel.contains(target) && !this.#button.contains(target)) this.toggle(false);
    });
  }

  /** Whether the drawer is open. */
  get isOpen(): boolean {
    return this.#panel.classList.contains("open");
  }

  /** Opens the drawer, or closes it. */
  toggle(isOpen: boolean): void {
    this.#panel.classList.toggle("open", isOpen);
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }

  /** Shows which logs there are. */
  show(logs: readonly LogSummary[]): void {
    this.#logs = logs;
    this.#draw();
  }

  /** Marks the one that is shown. */
  choose(name: string | undefined): void {
    this.#chosen = name;
    this.#draw();
  }

  #draw(): void {
    const logs = [...this.#logs ?? []];
    // One that is gone stays in the list for as long as it is looked at.
    if (this.#chosen !== undefined && !logs.some(({ name }) => name === this.#chosen)) {
      logs.unshift({ name: this.#chosen, size: 0, isThere: false, isWriterAlive: false });
    }
    const focused = document.activeElement?.getAttribute("data-name");
    const before = new Map<string | undefined, HTMLElement>();
    for (const one of this.#box.querySelectorAll("button")) before.set(one.dataset.name, one);
    const buttons = logs.map((log) => {
      const button = before.get(log.name) ?? this.#makeButton(log.name);
      before.delete(log.name);
      this.#describe(button, log);
      return button;
    });
    const note = this.#logs === undefined
      ? "looking for logs …"
      : this.unlisted > 0
      ? `${formatCount(this.unlisted)} more: ouroboros serve NAME`
      : logs.length === 0
      ? "none yet"
      : "";
    if (note !== "") buttons.push(make("p", "chip", note));
    // Those that are there stay: a click is lost with the button that it began on.
    const { children } = this.#box;
    const shown = new Set<Element>(buttons);
    for (const one of [...children]) if (!shown.has(one)) one.remove();
    for (const [i, one] of buttons.entries()) {
      if (children[i] !== one) this.#box.insertBefore(one, children[i] ?? null);
    }
    if (focused !== null && focused !== undefined) {
      buttons.find((button) => button.dataset.name === focused)?.focus();
    }
    setText(byId("log-name"), oneLine(this.#chosen ?? "no log"));
    if (this.#revealed === this.#chosen || !this.#logs?.length) return;
    this.#revealed = this.#chosen;
    this.#box.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }

  #makeButton(name: string): HTMLElement {
    const button = make("button", "");
    button.dataset.name = name;
    button.append(make("span", "name", oneLine(name)), make("span", "size"));
    button.addEventListener("click", () => {
      this.toggle(false);
      this.#onChosen(name);
    });
    return button;
  }

  #describe(button: HTMLElement, log: LogSummary): void {
    const { name, size, isThere, isWriterAlive, error, lastWrite, isFinished, parts, isPart } = log;
    const { entries, isSaved } = log;
    button.className = isWriterAlive ? "alive" : isThere ? "" : "gone";
    if (isPart) button.classList.add("part");
    const count = entryCount(entries ?? 0);
    const written = lastWrite === undefined ? "" : `, written last ${formatMoment(lastWrite)}`;
    button.title = `${oneLine(name)}: ${
      error ??
        (entries !== undefined
          ? count
          : isWriterAlive
          ? "its writer is alive"
          : isFinished
          ? `its writer has finished it${written}`
          : isSaved
          ? `saved: a copy, which has no writer${written}`
          : isThere
          ? `dead: it has no writer${written}`
          : "is not there")
    }`;
    button.setAttribute("aria-current", String(name === this.#chosen));
    const note = entries !== undefined
      ? `${parts === undefined ? "" : `${parts} logs · `}${count}`
      : error !== undefined
      ? "no access"
      : parts !== undefined
      ? `${parts} logs`
      : isThere
      ? `${isFinished ? "finished · " : isSaved ? "saved · " : isWriterAlive ? "" : "dead · "}${
        formatSize(size)
      }`
      : size > 0
      ? "no log"
      : "not there";
    setText(button.lastElementChild as HTMLElement, note);
  }
}
