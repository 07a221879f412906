/** Reads what a library has logged, line by line, as another process: `checked.ts NAME PATH`. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { deepStrictEqual } from "node:assert/strict";
import { ShmLogReader } from "../../mod.ts";
import { fieldsOf, KINDS, messageOf } from "./calls.ts";

/** What is logged by the loggers of Go. */
const GO_KINDS: readonly string[] = ["message", "4 fields"];

/** So many calls of each kind are checked. */
export const CHECKED_CALLS = 300;

/** Throws unless these lines are what the calls of all kinds give that a library has. */
function check(lines: readonly string[], kinds: readonly typeof KINDS[number][]): void {
  deepStrictEqual(lines.length, kinds.length * CHECKED_CALLS, "the number of lines");
  let at = 0;
  for (const kind of kinds) {
    for (let i = 0; i < CHECKED_CALLS; i++) {
      const line = JSON.parse(lines[at++]);
      deepStrictEqual(line.msg ?? line.message, messageOf(kind, i), `the message of line ${at}`);
      const members = { ...line, ...line.properties, ...line.context };
      for (const [name, value] of Object.entries(fieldsOf(kind, i))) {
        deepStrictEqual(members[name], value, `${name} of line ${at}`);
      }
      if (kind === "error") {
        const { message } = members.err;
        deepStrictEqual(message, "connection lost", `the error of line ${at}`);
      }
    }
  }
}

if (import.meta.main ?? process.argv[1]?.endsWith("checked.ts")) {
  const [, , name, path] = process.argv;
  const kinds = KINDS.filter((kind) =>
    name === "this logger" ||
    (name.endsWith("(Go)") ? GO_KINDS.includes(kind) : kind !== "event") &&
      !(kind === "error" && name.startsWith("roarr"))
  );
  if (name === "this logger" || name === "pino, our sink") {
    using reader = ShmLogReader.open(path, { strategy: "oldest" });
    check([...reader].map(({ text }) => text), kinds);
  } else if (name !== "pino, nowhere") {
    check(readFileSync(path, "utf8").trimEnd().split("\n"), kinds);
  }
}
