/** Runs the commands of a file, [[…], …] in JSON, one after the other; after each a line with its exit code. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { main } from "../../../src/cli/program.ts";

const commands: string[][] = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const command of commands) {
  const code = await main(command);
  await new Promise<void>((resolve) => process.stdout.write(`\n== ${code}\n`, () => resolve()));
}
process.exit(0);
