/** A logger that logs in bursts, as a server does, and is killed in one: `dying.ts NAME FILE SEGMENT LINES`. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { pino } from "pino";
import { shmDestination } from "../../src/sinks/pino.ts";
import { BURST, LINE_POOL, makeLines } from "../peers/lines.ts";

const [name, path, segment, count] = process.argv.slice(2);
const sync = name.endsWith("sync: true") ? { sync: true } : {};
const destination = name === "pino, this log"
  ? shmDestination({ target: segment })
  : pino.destination({ dest: name.includes("file") ? path : 1, ...sync });
const logger = pino(destination);
const lines = makeLines();
let spent = 0;
for (let logged = 0;;) {
  const start = performance.now();
  for (let i = 0; i < BURST; i++) logger.info(lines[i % LINE_POOL]);
  spent += performance.now() - start;
  logged += BURST;
  if (logged === Number(count)) break;
  await new Promise((resolve) => setImmediate(resolve));
}
writeFileSync(`${path}.ns`, String(spent * 1e6 / Number(count)));
process.kill(process.pid, "SIGKILL");
