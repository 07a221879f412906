/** Logs on a file system of 1 MiB, which gets full: says in one line what came of it. */

import process from "node:process";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { type LogTarget, OuroborosError, ShmLogReader, ShmLogWriter } from "../../../mod.ts";

const [folder, kind] = process.argv.slice(2);
const target: LogTarget = kind === "file" ? { path: `${folder}/log` } : "log";

function attempt(chunkSize: number): string {
  try {
    ShmLogWriter.create(target, {
      chunkSize,
      chunkCount: 4,
      ifExists: "resume",
      unlinkOnClose: typeof target === "string",
    }).close();
    return "created";
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return error.code;
  }
}

/** Takes all the room that is left. */
function fillUp(): void {
  const page = new Uint8Array(4096);
  try {
    for (let i = 0;; i++) writeFileSync(`${folder}/filler`, page, { flag: "a" });
  } catch {
    // Full.
  }
}

const tooLarge = attempt(1 << 19);
const left = readdirSync(folder).length;
const writer = ShmLogWriter.create(target, {
  chunkSize: 1 << 17,
  chunkCount: 4,
  unlinkOnClose: typeof target === "string",
});
fillUp();
const { bfree } = statfsSync(folder);
using reader = ShmLogReader.open(target);
const payload = new Uint8Array(10_000);
const laps = 20;
const entries = Math.ceil(laps * writer.segmentSize / payload.length);
let wrong = 0;
for (let i = 1; i <= entries; i++) {
  payload.fill(i);
  writer.write(payload);
  const entry = reader.read();
  if (entry?.sequenceNumber !== i || !entry.bytes.every((byte) => byte === (i & 0xff))) wrong++;
}
writer.flush();
writer.close();
rmSync(`${folder}/filler`);
console.log(
  `full ${tooLarge} names: ${left} free: ${bfree} laps: ${laps} wrong: ${wrong} ` +
    `lost: ${reader.lostEntries} then: ${attempt(1 << 14)}`,
);
