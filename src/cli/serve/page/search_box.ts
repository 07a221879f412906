/// <reference lib="dom" />
/** The search: a question, what it may continue with, and what is wrong with it, at its place. */

import { QuestionError } from "../../../records/question/mistake.ts";
import { parseQuestion } from "../../../records/question/question.ts";
import { wordsOf } from "../question_words.ts";
import { complete, type Option } from "./completion.ts";
import { byId, make } from "./dom.ts";
import { oneLine } from "./entry_text.ts";
import type { KnownFields } from "./known_fields.ts";

/** How long after the last letter a search begins, in milliseconds. */
const TYPING = 250;

/** The box with the question. */
export class SearchBox {
  readonly #input = byId("search") as HTMLInputElement;
  readonly #list = byId("options");
  readonly #mistake = byId("mistake");
  readonly #known: KnownFields;
  readonly #onQuestion: () => void;
  #question = "";
  #words: readonly string[] = [];
  #options: readonly Option[] = [];
  #from = 0;
  #to = 0;
  #active = -1;
  #typing: ReturnType<typeof setTimeout> | undefined;

  /** Calls `onQuestion` after each one that can be understood, `onLeave` when a key leaves the box. */
  constructor(known: KnownFields, onQuestion: () => void, onLeave: () => void) {
    this.#known = known;
    this.#onQuestion = onQuestion;
    const input = this.#input;
    input.addEventListener("input", () => {
      this.#suggest();
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#take(), TYPING);
    });
    input.addEventListener("click", () => this.#suggest());
    input.addEventListener("blur", () => this.#close());
    input.addEventListener("keydown", (event) => {
      if (this.#isHandled(event.key)) event.preventDefault();
      else if (event.key === "Enter" || event.key === "Escape") {
        // Chromium empties a box for a search on Escape.
        event.preventDefault();
        this.#close();
        clearTimeout(this.#typing);
        if (this.#take()) onLeave();
      }
    });
    // Before the input loses its focus.
    this.#list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = (event.target as HTMLElement).closest("[role=option]");
      if (option !== null) this.#choose([...this.#list.children].indexOf(option));
    });
  }

  /** The question that is asked: the last one that was understood. */
  get question(): string {
    return this.#question;
  }

  /** The words in it that rows show marked. */
  get words(): readonly string[] {
    return this.#words;
  }

  /** Begins to type. */
  focus(): void {
    this.#input.select();
    this.#suggest();
  }

  /** Asks nothing any more, without a word to anybody. */
  clear(): void {
    clearTimeout(this.#typing);
    this.#input.value = this.#question = "";
    this.#words = [];
    this.#show(undefined, "");
  }

  /** Leaves the box. */
  blur(): void {
    this.#input.blur();
  }

  /** Asks what is in the box; returns whether that can be understood. */
  #take(): boolean {
    const text = this.#input.value.trim();
    try {
      if (text !== "") parseQuestion(text);
    } catch (error) {
      if (!(error instanceof QuestionError)) throw error;
      this.#show(error, text);
      return false;
    }
    this.#show(undefined, text);
    if (text === this.#question) return true;
    this.#question = text;
    this.#words = wordsOf(text);
    this.#onQuestion();
    return true;
  }

  #show(mistake: QuestionError | undefined, text: string): void {
    this.#mistake.hidden = mistake === undefined;
    this.#input.setAttribute("aria-invalid", String(mistake !== undefined));
    if (mistake === undefined) return this.#mistake.replaceChildren();
    const { from, message } = mistake;
    const to = Math.max(mistake.to, from + 1);
    const code = make("code", "");
    // Where something is missing there is nothing to mark but the place.
    code.append(
      oneLine(text.slice(Math.max(from - 40, 0), from)),
      make("mark", "", oneLine(text.slice(from, to)) || "…"),
      oneLine(text.slice(to, to + 40)),
    );
    this.#mistake.replaceChildren(code, make("span", "", message));
  }

  /** Whether a key has a meaning for the list of what may come. */
  #isHandled(key: string): boolean {
    const count = this.#options.length;
    if (count === 0) return false;
    switch (key) {
      case "ArrowDown":
        this.#mark((this.#active + 1) % count);
        return true;
      case "ArrowUp":
        this.#mark((this.#active + count - (this.#active < 0 ? 0 : 1)) % count);
        return true;
      case "Tab":
      case "Enter":
        if (this.#active < 0) return false;
        this.#choose(this.#active);
        return true;
      case "Escape":
        this.#close();
        return true;
      default:
        return false;
    }
  }

  #suggest(): void {
    const { value, selectionStart } = this.#input;
    const { from, to, options } = complete(value, selectionStart ?? value.length, this.#known);
    [this.#from, this.#to, this.#options, this.#active] = [from, to, options, -1];
    this.#list.replaceChildren(...options.map(({ text, note }, i) => {
      const option = make("li", "");
      option.id = `option-${i}`;
      option.setAttribute("role", "option");
      option.append(make("span", "", oneLine(text)), make("small", "", note));
      return option;
    }));
    this.#mark(-1);
    this.#list.hidden = options.length === 0;
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
  }

  #mark(active: number): void {
    this.#active = active;
    [...this.#list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === active));
    });
    if (active < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `option-${active}`);
  }

  #choose(index: number): void {
    const { text } = this.#options[index];
    this.#input.setRangeText(text, this.#from, this.#to, "end");
    this.#input.dispatchEvent(new Event("input"));
  }

  #close(): void {
    this.#options = [];
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }
}
