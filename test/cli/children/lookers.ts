/** Runs every command that looks at logs, again and again, until it is told to stop. */

import process from "node:process";
import { main } from "../../../src/cli/program.ts";

const [name, folder] = process.argv.slice(2);
let complaints = "";
process.stderr.write = ((text: string) => {
  complaints += text;
  return true;
}) as typeof process.stderr.write;

const commands = [
  ["list"],
  ["top", "--once", "-d", "0.1", "-o", "json"],
  ["__complete", "tail", "/"],
  ["stat", name],
  ["verify", name],
  ["tail", name, "--all"],
  ["dump", "--name", name, "--output", `${folder}/dump.txt`],
  ["save", name, `${folder}/saved.log`, "--force"],
  ["record", name, `${folder}/record.txt`, "--once"],
];
let isStopped = false;
process.stdin.on("data", () => isStopped = true);
console.log("ready");
let rounds = 0;
while (!isStopped || rounds === 0) {
  for (const command of commands) {
    complaints = "";
    const code = await main(command);
    if (/\n +at /.test(complaints)) throw new Error(`${command.join(" ")}: ${code} ${complaints}`);
  }
  rounds++;
}
console.log(`\nall done: ${rounds}`);
process.exit(0);
