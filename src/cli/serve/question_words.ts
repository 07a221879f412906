/**
 * The words of a question that rows show marked.
 *
 * @module
 */

import type { Clause } from "../../records/question/clause.ts";
import { parseClause } from "../../records/question/syntax.ts";

/** The texts that a question looks for, in small letters: those that must not be there are not among them. */
export function wordsOf(question: string): string[] {
  return question.trim() === "" ? [] : [...wordsIn(parseClause(question))];
}

function* wordsIn(clause: Clause): Iterable<string> {
  if (clause.kind === "not") return;
  if (clause.kind !== "match") {
    for (const part of clause.parts) yield* wordsIn(part);
  } else if (clause.wanted.kind === "text" || clause.wanted.kind === "exact") {
    const word = clause.wanted.text.toLowerCase();
    if (word !== "") yield word;
  }
}
