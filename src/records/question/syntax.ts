/**
 * Questions as people type them, as trees. The grammar is question.grammar.
 *
 * @module
 */

import { parsePattern } from "../pattern/syntax.ts";
import type { Bound, Clause, Match, Wanted } from "./clause.ts";
import { QuestionError } from "./mistake.ts";
import { parser } from "./tables.ts";

type Node = ReturnType<typeof parser.parse>["topNode"];

/** Nobody types a longer one. */
const MOST_CHARACTERS = 10_000;
/** How deep parentheses may be nested. */
const DEEPEST = 100;
const SPACE = /[ \t\r\n\u{a0}]/u;
const OPERATORS = "field:value, :=exact, :>, :>=, :<, :<=, :[1 TO 9], :/regexp/, :* (is there), " +
  "AND, OR, NOT or -, ( ), wildcards * and ?";

/**
 * The tree of a question.
 *
 * @throws {QuestionError} if it can't be understood
 */
export function parseClause(question: string): Clause {
  if (question.length > MOST_CHARACTERS) {
    const reason = `it has ${question.length} characters, and ${MOST_CHARACTERS} are allowed`;
    throw new QuestionError(reason, question, MOST_CHARACTERS);
  }
  if (question.trim() === "") {
    throw new QuestionError(`it is empty; there are ${OPERATORS}`, question, 0);
  }
  return new Reader(question).read();
}

class Reader {
  readonly #question: string;

  constructor(question: string) {
    this.#question = question;
  }

  read(): Clause {
    const tree = parser.parse(this.#question);
    let mistake: Node | undefined;
    let depth = 0;
    tree.iterate({
      enter: (node) => {
        if (node.type.isError) mistake ??= node.node;
        else if (node.name === "Group" && ++depth > DEEPEST) {
          throw this.#mistake(`more than ${DEEPEST} parentheses in each other`, node.node);
        }
        return mistake === undefined;
      },
      leave: (node) => void (node.name === "Group" && depth--),
    });
    if (mistake !== undefined) throw this.#explained(mistake);
    return this.#clause(tree.topNode.firstChild!, undefined);
  }

  /** Reads a part; `field` is the one that a group belongs to. */
  #clause(node: Node, field: string | undefined): Clause {
    switch (node.name) {
      case "And":
      case "Or":
        return this.#joined(node, field);
      case "Not":
        return this.#negation(node, field);
      case "Group":
        return this.#clause(node.firstChild!, field);
      case "Field":
        if (field !== undefined) throw this.#mistake(`a field in the group of "${field}"`, node);
        return this.#field(node);
      default:
        return this.#match(node, field);
    }
  }

  #joined(node: Node, field: string | undefined): Clause {
    const parts = children(node);
    parts.forEach((part, i) => i > 0 && this.#checkSpace(parts[i - 1], part));
    return {
      kind: node.name === "And" ? "and" : "or",
      parts: parts.map((part) => this.#clause(part, field)),
    };
  }

  /** `NOT NOT NOT x` is no recursion either. */
  #negation(node: Node, field: string | undefined): Clause {
    let isNegated = false;
    for (; node.name === "Not"; node = node.lastChild!) isNegated = !isNegated;
    const part = this.#clause(node, field);
    return isNegated ? { kind: "not", part } : part;
  }

  /** What stands side by side has a space in between: `/a/b` is no expression and a word. */
  #checkSpace(left: Node, right: Node): void {
    const around = this.#question.slice(left.to - 1, right.from + 1);
    if (left.to < right.from || /[()]/.test(around)) return;
    throw this.#mistake(
      /["'/]/.test(around)
        ? "a space is missing in front of this; a text with slashes or quotes in it needs quotes around it"
        : "a space is missing in front of this",
      right,
    );
  }

  #field(node: Node): Clause {
    const [name, value] = [node.firstChild!, node.lastChild!];
    if (name.name === "Word") return this.#compared(name, value);
    const field = unescaped(this.#text(name).slice(0, -1));
    return value.name === "Group" ? this.#clause(value, field) : this.#match(value, field);
  }

  /** `status>=500`, `status != 500`. */
  #compared(name: Node, comparison: Node): Clause {
    const text = this.#text(name);
    if (/[/?*&]/.test(text)) {
      throw this.#mistake(
        `"${text}" is not the name of a field: a text with = in it needs quotes`,
        name,
      );
    }
    // `status!=500` reads as "status!" and "=500".
    const isNegated = text.endsWith("!") && name.to === comparison.from;
    const part = this.#match(comparison, unescaped(isNegated ? text.slice(0, -1) : text));
    return isNegated ? { kind: "not", part } : part;
  }

  #match(node: Node, field: string | undefined): Clause {
    const { from, to } = node;
    const match: Match = { kind: "match", field, wanted: this.#wanted(node, field), from, to };
    const operator = node.name === "Comparison" ? this.#text(node.firstChild!) : "";
    return operator === "!=" ? { kind: "not", part: match } : match;
  }

  #wanted(node: Node, field: string | undefined): Wanted {
    const text = this.#text(node);
    this.#checkValue(node);
    switch (node.name) {
      case "Quoted":
        return { kind: "text", text: unquoted(text) };
      case "RegExp":
        return { kind: "regExp", regExp: this.#regExp(node) };
      case "Range":
        this.#checkField(node, field);
        return this.#range(node);
      case "Comparison":
        this.#checkField(node, field);
        return this.#comparison(node);
      default:
        if (node.name === "Word") this.#checkOperator(node);
        if (text === "*") return { kind: "any" };
        return /(^|[^\\])(\\\\)*[*?]/.test(text)
          ? { kind: "wildcard", pattern: text }
          : { kind: "text", text: unescaped(text) };
    }
  }

  /** `status:>= AND x` lacks a value. */
  #checkValue(node: Node): void {
    const text = this.#text(node);
    if (node.name !== "Value" || !/^(?:AND|OR|NOT|&&|\|\|)$/.test(text)) return;
    throw this.#mistake(`a value is missing before ${text}; as a value it needs quotes`, node);
  }

  /** `a or b` would ask for three words, and find nothing. */
  #checkOperator(node: Node): void {
    const text = this.#text(node);
    if (!/^(?:and|or|not)$/i.test(text)) return;
    const message =
      `"${text}" is a word here: write ${text.toUpperCase()}, or quote it ("${text}")`;
    throw this.#mistake(message, node);
  }

  #checkField(node: Node, field: string | undefined): void {
    if (field !== undefined) return;
    const example = `status:${this.#text(node)}`.slice(0, 40);
    throw this.#mistake(`a field is missing in front of this, as in ${example}`, node);
  }

  #regExp(node: Node): RegExp {
    const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(this.#text(node))!;
    if (!/^[imsu]*$/.test(flags)) {
      throw this.#mistake(
        `"${flags}" are no flags of a regular expression (i, m and s are); a text with slashes in it ` +
          'needs quotes around it: "/…"',
        node,
      );
    }
    try {
      const inline = [...new Set(flags.replaceAll("u", ""))].join("");
      return parsePattern(inline === "" ? source : `(?${inline})${source}`);
    } catch (error) {
      throw this.#mistake((error as Error).message, node);
    }
  }

  #range(node: Node): Wanted {
    const [opening, from, to, closing] = children(node);
    const bound = (end: Node, isIn: boolean): Bound | undefined => {
      const text = this.#text(end);
      return text === "*"
        ? undefined
        : { text: end.name === "QuotedBound" ? unquoted(text) : text, isIn };
    };
    const least = bound(from, opening.name === "From");
    const most = bound(to, closing.name === "Through");
    if (least === undefined && most === undefined) return { kind: "any" };
    if (least !== undefined && most !== undefined) {
      const [one, other] = [Number(least.text), Number(most.text)];
      if (one > other) {
        throw this.#mistake(`the range is empty: ${one} is more than ${other}`, node);
      }
    }
    return { kind: "range", ...least && { least }, ...most && { most } };
  }

  #comparison(node: Node): Wanted {
    const [operator, value] = [node.firstChild!, node.lastChild!];
    this.#checkValue(value);
    const sign = this.#text(operator);
    if (value.name === "RegExp") {
      if (!sign.endsWith("=") || /[<>]/.test(sign)) {
        throw this.#mistake(`${sign} compares numbers, times or text, and no expressions`, node);
      }
      return { kind: "regExp", regExp: this.#regExp(value) };
    }
    const raw = this.#text(value);
    const text = value.name === "Quoted" ? unquoted(raw) : unescaped(raw);
    const bound: Bound = { text, isIn: sign.endsWith("=") };
    switch (sign[0]) {
      case ">":
        return { kind: "range", least: bound };
      case "<":
        return { kind: "range", most: bound };
      default:
        return { kind: "exact", text };
    }
  }

  #text(node: Node): string {
    return this.#question.slice(node.from, node.to);
  }

  #mistake(message: string, { from, to }: Node): QuestionError {
    return new QuestionError(message, this.#question, from, to);
  }

  /** What is wrong where the parser found no way. */
  #explained(error: Node): QuestionError {
    const question = this.#question;
    let at = error.from;
    while (at < question.length && SPACE.test(question[at])) at++;
    const rest = question.slice(at);
    const parent = error.parent?.name ?? "";
    const mistake = (message: string, length = 0) =>
      new QuestionError(message, question, at, at + length);
    if (/^["']/.test(rest)) return mistake(`the quote ${rest[0]} has no end`, 1);
    if (rest.startsWith("/")) {
      return mistake(
        'a regular expression has no end: /…/; a text that begins with a slash needs quotes: "/…"',
        1,
      );
    }
    if (parent === "Range") {
      return mistake("a range is [1 TO 9], {1 TO 9} without its ends, or [1 TO *]");
    }
    if (parent === "Group" && rest === "") return mistake("a ) is missing");
    if (rest.startsWith(")")) {
      let open = error.parent;
      while (open !== null && open.name !== "Group") open = open.parent;
      const isOpen = open !== null;
      return mistake(isOpen ? "something is missing before the )" : "there is no ( for this )", 1);
    }
    if (parent === "Field" || parent === "Comparison") {
      return mistake('a value is missing: field:value, field:"two words", field:>=500 or field:*');
    }
    const word = /^(?:AND|OR|NOT|&&|\|\||[!-])(?![^\s()])/.exec(rest)?.[0];
    if (word !== undefined) {
      return mistake(`something is missing before ${word}; as a word it needs quotes`, word.length);
    }
    if (rest === "") return mistake("a word, or field:value, is missing at the end");
    const what = [...rest][0];
    return mistake(
      `"${what}" is not expected here: put a text with it in quotes. There are ${OPERATORS}`,
      what.length,
    );
  }
}

function children(node: Node): Node[] {
  const all: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) all.push(child);
  return all;
}

/** Without the backslash before what is no letter and no digit. */
function unescaped(text: string): string {
  return text.replace(/\\([^\p{L}\p{N}])/gu, "$1");
}

/** What is between quotes. */
function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(["'\\])/g, "$1");
}
