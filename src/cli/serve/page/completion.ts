/** What a question may continue with: fields and values that were seen, levels, operators. */

import { LEVELS } from "../../../records/level.ts";
import type { KnownFields } from "./known_fields.ts";

/** What may be put into a question. */
export interface Option {
  /** The text that is put there. */
  text: string;
  /** What it is. */
  note: string;
}

/** What may be put in place of a part of a question. */
export interface Completion {
  /** The part. */
  from: number;
  to: number;
  options: Option[];
}

/** How many there are at most: a screen of a phone shows no more. */
const MOST = 8;

const ROLES: readonly Option[] = [
  { text: "level:", note: "trace to fatal" },
  { text: "time:", note: "time:>=2026-11-21T14:30" },
  { text: "msg:", note: "the message" },
  { text: "logger:", note: "the logger" },
];
const OPERATORS: readonly Option[] = [
  { text: "AND ", note: "both" },
  { text: "OR ", note: "one of both" },
  { text: "NOT ", note: "must not match" },
];
/** The word in front of the caret: what stands in quotes may have spaces in it. */
const WORD = /(?:[^\s()"\\]|\\.|"(?:[^"\\]|\\.)*"?)*$/;
/** A field, the sign of a comparison, and the beginning of a value. */
const FIELD = /^[-!]?((?:[^\\:"]|\\.)+):(>=|<=|>|<|=)?("?)(.*)$/s;

/** What may be put at a place of a question. */
export function complete(question: string, caret: number, known: KnownFields): Completion {
  const [word] = WORD.exec(question.slice(0, caret)) ?? [""];
  const start = caret - word.length;
  const [whole, escapedName, sign = "", quote, part] = FIELD.exec(word) ?? [];
  if (whole !== undefined) {
    const name = escapedName.replace(/\\(.)/g, "$1");
    const from = caret - part.length - quote.length;
    const options = valuesOf(name, sign, part.replace(/\\(.)/g, "$1"), known);
    return { from, to: caret, options: options.filter(({ text }) => text !== quote + part) };
  }
  const minus = /^[-!]/.test(word) ? 1 : 0;
  const typed = word.slice(minus);
  if (typed.startsWith('"') || (typed === "" && minus === 0 && question.trim() !== "")) {
    return { from: caret, to: caret, options: [] };
  }
  const lower = typed.toLowerCase();
  const fields = known.names(typed).map((name) => ({ text: `${escaped(name)}:`, note: "field" }));
  const all = [...ROLES.filter(({ text }) => text.startsWith(lower)), ...fields];
  const seen = new Set<string>();
  const options = all.filter(({ text }) => !seen.has(text) && seen.add(text));
  const isAfterOther = question.slice(0, start).trim() !== "";
  if (isAfterOther && typed !== "") {
    options.unshift(...OPERATORS.filter(({ text }) => text.startsWith(typed.toUpperCase())));
  }
  return { from: start + minus, to: caret, options: options.slice(0, MOST) };
}

function valuesOf(name: string, sign: string, part: string, known: KnownFields): Option[] {
  if (["level", "lvl", "severity"].includes(name)) {
    return LEVELS.filter((level) => level.startsWith(part.toLowerCase()))
      .map((text) => ({ text, note: sign === ">=" ? "and up" : "level" }));
  }
  const values = known.values(name, part).map((value) => ({ text: quoted(value), note: "seen" }));
  const all = part === "" && sign === ""
    ? [...values.slice(0, MOST - 1), { text: "*", note: "is there" }]
    : values;
  return all.slice(0, MOST);
}

/** A name as a question has it. */
function escaped(name: string): string {
  return name.replace(/[\\\s()"':/<>=![\]{}]|^-/g, "\\$&");
}

/** A value as a question has it: in quotes, unless it means itself without. */
export function quoted(value: string): string {
  return /^[^\\\s()[\]{}"'/<>=*?:!-][^\\\s()"*?]*$/.test(value) &&
      !/^(?:AND|OR|NOT|&&|\|\|)$/i.test(value)
    ? value
    : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
