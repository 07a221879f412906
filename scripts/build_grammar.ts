/**
 * Makes the tables of the parser of questions: src/records/question/question.grammar into tables.ts.
 *
 * `deno task build:grammar [--check]`: with `--check` it writes nothing, and fails if the file is out of
 * date.
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { buildParserFile } from "@lezer/generator";

const folder = new URL("../src/records/question/", import.meta.url);
const file = new URL("tables.ts", folder);

const { parser } = buildParserFile(readFileSync(new URL("question.grammar", folder), "utf8"), {
  fileName: "question.grammar",
  typeScript: true,
});
const tables = `/**
 * The tables of the parser of questions: made of question.grammar by \`deno task build:grammar\`.
 *
 * @module
 */

// deno-fmt-ignore-file
// deno-lint-ignore-file
${
  parser.replace(/^\/\/.*\n/, "")
    .replace("export const parser =", "/** The parser. */\nexport const parser: LRParser =")
}`;
if (readFileSync(file, { encoding: "utf8", flag: "a+" }) !== tables) {
  if (process.argv.includes("--check")) {
    console.error("src/records/question/tables.ts is out of date: deno task build:grammar");
    process.exit(1);
  }
  writeFileSync(file, tables);
}
