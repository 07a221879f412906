/**
 * A program that prints lines of 100 bytes: `lines.ts REPORT LINES [RATE]`, as fast as it can or so many
 * a second. Writes what that took into the file REPORT.
 */

import { writeFileSync, writeSync } from "node:fs";

// Not by its import, which makes Node open standard output, as one that does not block.
const { process } = globalThis as unknown as { process: NodeJS.Process };
const [report, lines, rate] = process.argv.slice(2);
const LINE = `${"x".repeat(99)}\n`;
/** How often a program that has a rate prints, in milliseconds. */
const EVERY = 5;

const isPaced = rate !== undefined;
const perWrite = isPaced ? Number(rate) * EVERY / 1000 : 640;
const block = new TextEncoder().encode(LINE.repeat(perWrite));
const count = Math.ceil(Number(lines) / perWrite);
const start = performance.now();
let longest = 0;
for (let i = 0; i < count; i++) {
  const before = performance.now();
  let at = 0;
  while (at < block.length) at += writeSync(1, block, at);
  const after = performance.now();
  longest = Math.max(longest, after - before);
  const rest = isPaced ? start + (i + 1) * EVERY - after : 0;
  if (rest > 1) await new Promise((resolve) => setTimeout(resolve, rest));
}
const { user, system } = process.cpuUsage();
const elapsed = performance.now() - start;
writeFileSync(report, JSON.stringify({ elapsed, longest, cpu: (user + system) / 1000 }));
