/**
 * Finds turns of phrase that stop a reader, in documents, comments, messages and names of tests. It is
 * crude: a phrase that is right in one place is banned in all of them, because another one says the same.
 *
 * `deno task check`
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { markdownFiles } from "./links.ts";
import { root } from "./runtimes.ts";

/** What is banned, and what to write in its place. */
const BANNED: readonly [phrase: RegExp, instead: string][] = [
  [/\bwhoever\b/gi, "a process that, a user who"],
  [
    /(?:^|[.:;(]|\b(?:for|to|at|of|by|and|or|but|if|so|that|only|than|with|unless|kills|wakes?|waking))\s+who\b/gim,
    "a noun before who",
  ],
  [/\b(?:goes|go|going|gone|went) on\b/gi, "continues"],
  [/\b(?:is|are|was|were|be|been|being) (?:not )?told\b/gi, "gets, receives, is reported"],
  [/\b(?:tells?|told|telling) (?:of|about)\b/gi, "reports, says that"],
  [/\b(?:take|takes|taking|taken|took) back\b/gi, "invalidates, withdraws"],
  [/\b(?:is|are) none\b/gi, "does not exist, is empty, is not one"],
  [/\b(?:is|are|was|were|be|been) (?:not )?said\b/gi, "reported, documented, by default"],
  [/\bwhat (?:it|they|he) wants?\b/gi, "what it needs"],
  [/\b(?:is|are|was|were) wanted\b/gi, "is asked for, is needed"],
  [/\bno name of a\b/gi, "not a name of a"],
  [/\bso does a\b/gi, "and a … too"],
  [/\bas ever\b/gi, "as before"],
  [/\bhears? of\b/gi, "learns, sees"],
  [/\bif that can be had\b/gi, "if there is one"],
  [/\banew\b/gi, "again"],
  [/\bin the midst\b/gi, "in the middle"],
  [/\bfor want of\b/gi, "for lack of"],
  [/\bvouch(?:es)?\b/gi, "guarantees, proves, guards"],
  [/\bwhat(?:ever)? (?:becomes?|became) of\b/gi, "what happens to, the result of"],
  [/\b(?:to|can|could|can't|not|may) be had\b/gi, "available, possible"],
  [/\bcursor file/gi, "state file"],
  [/\b(?:hears?|heard|hearing)\b/gi, "receives, gets, sees"],
  [/\bdeaf\b/gi, "does not see"],
  [/\bin vain\b/gi, "for nothing, without success"],
  [/\blets? go of\b/gi, "releases, closes, forgets"],
  [/\bwish(?:es|ed)?\b/gi, "asks for, is asked for"],
  [/\b(?:is|are) dear\b/gi, "is expensive, is slow"],
  [/\bfor ever\b/gi, "forever"],
  [/\bcolour/gi, "color"],
  [/\brecognis/gi, "recogniz…"],
  [/\b(?:behav|neighb)our/gi, "…or"],
  [/" is meant\?|\bis "[^"]*" meant\?/gi, "did you mean …?"],
  // Where it is not installed, that would fetch and run a package of somebody else.
  [/\b(?:npx|bunx)(?: -\S+)* ouroboros\b/g, "npx @ouroboros/log, bunx --bun @ouroboros/log"],
];

const problems: string[] = [];
for (const file of markdownFiles(root)) look(file, readFileSync(root + file, "utf8"));
for (const file of ["mod.ts", ...typeScript("ffi"), ...typeScript("src")]) {
  look(file, readFileSync(root + file, "utf8"));
}
for (const file of typeScript("test")) {
  const text = readFileSync(root + file, "utf8");
  // All but the names of tests is left out, and the lines stay where they are.
  const names = text.replace(
    /(\btest(?:\.\w+)?\(\s*(?:"[^"\n]*"|`[^`]*`))|[^\n]/g,
    (_, name?: string) => name ?? "",
  );
  look(file, names);
}
for (const problem of problems) console.error(problem);
console.log(`words: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

function look(file: string, text: string): void {
  // A phrase may begin on one line of a comment and end on the next.
  const joined = text.replace(/\n\s*(?:\*|\/\/) ?/g, (gap) => ` ${"\0".repeat(gap.length - 1)}`);
  const plain = joined.replaceAll("\0", "\u200b");
  for (const [phrase, instead] of BANNED) {
    const pattern = new RegExp(phrase.source.replaceAll(" ", "\\s\\u200b*"), phrase.flags);
    for (const { index, 0: found } of plain.matchAll(pattern)) {
      const line = text.slice(0, index).split("\n").length;
      problems.push(`${file}:${line}: "${found.replaceAll("\u200b", "").trim()}": ${instead}`);
    }
  }
}

function typeScript(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`);
}
