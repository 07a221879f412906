/** Runs every reading command on malicious files; throws at what is not an exit code and a line. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { main } from "../../../src/cli/program.ts";
import { damage, makeImage } from "../../support/hostile.ts";
import { Random } from "../../support/random.ts";

const [folder, seed, runs] = process.argv.slice(2);
const path = `${folder}/command.log`;
const other = `${folder}/other.log`;
let complaints = "";
process.stderr.write = ((text: string) => {
  complaints += text;
  return true;
}) as typeof process.stderr.write;

let count = 0;
for (let i = 0; i < Number(runs); i++) {
  const random = new Random(Number(seed) + i);
  const image = new Uint8Array(damage(random, makeImage(random)));
  for (const one of [path, other]) writeFileSync(one, image);
  for (
    const command of [
      ["stat", path],
      ["stat", path, "-o", "json"],
      ["tail", path, "--all", "-o", "json"],
      ["tail", path, other, "--since", "1d", "-o", "pretty"],
      ["dump", "--name", path, "--output", `${folder}/dump.txt`],
    ]
  ) {
    complaints = "";
    const code = await main(command);
    const what = `${command.join(" ")} of seed ${Number(seed) + i} gave ${code}: ${complaints}`;
    assert.ok(code === 0 || code === 1, what);
    // A stack is for our own mistakes.
    assert.doesNotMatch(complaints, /\n +at /, what);
    if (code === 1) assert.match(complaints, /^ouroboros: .+\n$/, what);
    count++;
  }
}
console.log(`\nall done: ${count} commands`);
process.exit(0);
