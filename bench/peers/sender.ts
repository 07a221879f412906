/** One peer in a process of its own: logs lines in bursts, and writes what that cost to a file. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { BURST, LINE_POOL, makeLines } from "./lines.ts";
import { sinkPeers } from "../sinks/peers.ts";
import { peers } from "./peers.ts";

const [name, path, resultPath, count] = process.argv.slice(2);
const total = Number(count);
const peer = await { ...peers, ...sinkPeers }[name](path);
const lines = makeLines();

// Long enough for the engine to compile what it will run.
await logLines(Math.min(total, 20_000));
const cpuStart = process.cpuUsage();
const start = performance.now();
const caller = await logLines(total);
const receipt = await peer.end();
const elapsed = performance.now() - start;
const { user, system } = process.cpuUsage(cpuStart);
writeFileSync(
  resultPath,
  JSON.stringify({
    caller: caller * 1e6 / total,
    elapsed: elapsed * 1e6,
    cpu: (user + system) * 1000 + (receipt?.cpu ?? 0),
    receipt,
  }),
);
process.exit(0);

/** Logs lines in bursts, as a server that answers requests does; gives the ms spent in the calls. */
async function logLines(count: number): Promise<number> {
  let spent = 0;
  for (let logged = 0; logged < count; logged += BURST) {
    const start = performance.now();
    for (let i = 0; i < BURST; i++) peer.log(lines[i % LINE_POOL], logged + i);
    spent += performance.now() - start;
    do await new Promise((resolve) => setImmediate(resolve)); while (peer.isBehind?.());
  }
  return spent;
}
