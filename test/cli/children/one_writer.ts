/** A writer: writes the texts of its arguments, says so, and waits to be killed, or to end in a way. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";
import { targetOf } from "../../../src/log/native/target.ts";

const [name, end, ...texts] = process.argv.slice(2);
const options = { size: "256KiB", version: 2, unlinkOnClose: end === "remove" } as const;
const writer = ShmLogWriter.create(targetOf(name), options);
const last = end === "close" ? texts.pop() : undefined;
for (const text of texts) writer.write(text);
console.log("written");
process.stdin.once("data", () => {
  if (last !== undefined) writer.write(last);
  if (end === "finish") writer.finish();
  else writer.close();
  process.exit(0);
});
