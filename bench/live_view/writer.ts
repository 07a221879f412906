/** Writes lines as an application does: `writer.ts NAME RATE`; a rate of 0 is as fast as it can. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";

const [name, rateText] = process.argv.slice(2);
const rate = Number(rateText);
using log = ShmLogWriter.create(name, { unlinkOnClose: true, ifExists: "replace" });
let isOver = false;
process.on("SIGTERM", () => isOver = true);

const lines = Array.from({ length: 1000 }, (_, n) =>
  JSON.stringify({
    level: n % 50 === 0 ? 50 : 30,
    time: Date.now() + n,
    pid: process.pid,
    msg: "request completed",
    path: `/items/${n}`,
    ms: n % 97,
  }));

let written = 0;
const start = performance.now();
while (!isOver) {
  const due = rate === 0 ? written + 20_000 : (performance.now() - start) / 1000 * rate;
  for (; written < due; written++) log.write(lines[written % lines.length]);
  // Now and then, for the signal.
  await sleep(rate === 0 ? 0 : 2);
}
