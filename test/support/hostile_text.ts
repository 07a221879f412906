/** What a stranger may write, of test/fixtures/hostile_text.json, and what of it may come to a terminal. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";

interface Fixture {
  names: string[];
  entries: {
    what: string;
    text?: string;
    hex?: string;
    pieces?: [text: string, times: number][];
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/hostile_text.json", import.meta.url), "utf8"),
);

/** An entry of a stranger. */
export interface HostileEntry {
  what: string;
  bytes: Uint8Array;
}

/** All entries. */
export const hostileEntries: readonly HostileEntry[] = fixture.entries.map(
  ({ what, text, hex, pieces }) => ({
    what,
    bytes: hex !== undefined
      ? Buffer.from(hex, "hex")
      : Buffer.from(text ?? pieces?.map(([piece, times]) => piece.repeat(times)).join("") ?? ""),
  }),
);

/** Names that logs, hosts, loggers and the like may have. */
export const hostileNames: readonly string[] = fixture.names;

/** Styles that we use ourselves, or let through, and what they turn on; the others end something. */
const STYLES: Record<string, string | undefined> = {
  "1": "bold",
  "3": "italic",
  "4": "underlined",
  "90": "color",
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].flatMap((n) => [[`3${n}`, "color"], [`9${n}`, "color"]]),
  ),
};
const ENDS: Record<string, string[]> = {
  "0": ["bold", "italic", "underlined", "color"],
  "": ["bold", "italic", "underlined", "color"],
  "22": ["bold"],
  "23": ["italic"],
  "24": ["underlined"],
  "39": ["color"],
};
/** All that a terminal obeys, that turns text around, or that nobody sees. */
const HARMFUL =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}/u;
/** What belongs to letters: joiners and forms after one that is not Latin. */
// deno-lint-ignore no-control-regex
const OF_LETTERS = /(?<=[^\x00-\xff])[\u200c\u200d\ufe0f]/g;

/** Checks that nothing in an output can harm a terminal; that styles end with their lines, too. */
export function assertHarmless(output: string, what: string, mayStyle = true): void {
  const on = new Set<string>();
  for (const line of output.split("\n")) {
    // deno-lint-ignore no-control-regex
    const rest = line.replace(/\x1b\[([\d;]*)m/g, (_, numbers: string) => {
      assert.ok(mayStyle, `${what}: a style in ${shown(line)}`);
      for (const number of numbers.split(";")) {
        const style = STYLES[number];
        if (style !== undefined) on.add(style);
        else {
          assert.ok(number in ENDS, `${what}: style ${number} in ${shown(line)}`);
          for (const end of ENDS[number]) on.delete(end);
        }
      }
      return "";
    }).replace(OF_LETTERS, "");
    const found = HARMFUL.exec(rest);
    assert.ok(found === null, `${what}: ${JSON.stringify(found?.[0])} in ${shown(line)}`);
    assert.deepEqual([...on], [], `${what}: a style goes on after ${shown(line)}`);
  }
}

function shown(line: string): string {
  return JSON.stringify(line.length > 200 ? `${line.slice(0, 200)}…` : line);
}
