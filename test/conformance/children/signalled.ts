/** A writer with handleSignals that ends in the way it is told. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";

const [place, kind, how] = process.argv.slice(2);
const writer = ShmLogWriter.create(kind === "name" ? place : { path: place }, {
  chunkSize: 4096,
  chunkCount: 4,
  unlinkOnClose: true,
  handleSignals: true,
});
writer.write("x");
console.log("written");
process.stdin.once("data", () => {
  process.stdin.destroy();
  if (how === "exit") process.exit(3);
});
