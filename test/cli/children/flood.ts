/** Writes at full speed until it is killed: entries that say their own number, of many lengths. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";

const log = ShmLogWriter.create(process.argv[2], {
  unlinkOnClose: true,
  chunkSize: 262144,
  chunkCount: 4,
});
const fill = "x".repeat(200);
for (let i = 1; i <= 5000; i++) write(i);
console.log("writing");
for (let i = 5001;; i++) {
  write(i);
  // Its parent may be gone.
  if (i % 2_000_000 === 0 && process.ppid === 1) process.exit();
}

function write(number: number): void {
  log.write(`${number}:${fill.slice(0, (number + 1) % 199)}`);
}
