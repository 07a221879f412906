/**
 * Times one library, then logs some calls of each kind to be checked: `sender.ts NAME PATH CHECKED RESULT`.
 * What is timed goes to PATH, what is checked to CHECKED, the figures in ns a line to RESULT.
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { measure } from "mitata";
import { KINDS } from "./calls.ts";
import { CHECKED_CALLS } from "./checked.ts";
import { libraries } from "./libraries.ts";

/** So many lines are logged before the event loop runs. */
const BURST = 200;
const MILLISECONDS = 300;

const [name, path, checked, result] = process.argv.slice(2);
process.env.ROARR_LOG = "true";

const { log, settle, end } = await libraries[name](path);
const figures: Record<string, { fastest: number; median: number }> = {};
for (const kind of KINDS) {
  const call = log[kind];
  if (call === undefined) continue;
  let i = 0;
  const burst = () => {
    for (const last = i + BURST; i < last; i++) call(i);
  };
  const run = settle === undefined ? burst : async () => {
    burst();
    await settle();
  };
  const options = { gc: false, min_cpu_time: MILLISECONDS * 1e6, min_samples: 8 } as const;
  const { min, p50 } = await measure(run, options);
  figures[kind] = { fastest: min / BURST, median: p50 / BURST };
}
// Beside which the message is judged: in many short samples, since any may be disturbed.
const samples = Array.from({ length: 2000 }, () => {
  const start = performance.now();
  let sum = 0;
  for (let n = 0; n < BURST; n++) sum += Date.now();
  return sum > 0 ? (performance.now() - start) * 1e6 / BURST : 0;
}).sort((a, b) => a - b);
const now = { fastest: samples[0], median: samples[samples.length >> 1] };
await end();

const again = await libraries[name](checked);
for (const kind of KINDS) for (let i = 0; i < CHECKED_CALLS; i++) again.log[kind]?.(i);
await again.end();
writeFileSync(result, JSON.stringify({ ...figures, "Date.now()": now }));
process.exit(0);
