/**
 * Opens, reads and inspects a log that somebody truncates all the time; every entry must be right. Says
 * when it has read some, and found the log too short.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { OuroborosError, ShmLogReader } from "../../../mod.ts";
import { sameBytes } from "../../support/random.ts";
import { streamEntry } from "../../support/stream.ts";

const [target, most] = process.argv.slice(2);
let isStopped = false;
process.stdin.on("data", () => isStopped = true);
console.log("ready");

let read = 0;
let failed = 0;
let hasSaid = false;
while (!isStopped) {
  for (let i = 0; i < 100; i++) {
    try {
      using reader = ShmLogReader.open(target, { copyMode: "pread", strategy: "oldest" });
      reader.inspect();
      for (const { sequenceNumber, bytes } of reader) {
        // A part that was cut off and grown again is zeros: of an entry that was whole, that is
        // damage which no reader can see.
        if (bytes.every((byte) => byte === 0)) continue;
        read++;
        if (bytes.includes(0)) continue;
        assert.ok(sameBytes(bytes, streamEntry(sequenceNumber, Number(most))), `${sequenceNumber}`);
      }
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      failed++;
    }
  }
  if (!hasSaid && read > 0 && failed > 0) {
    hasSaid = true;
    console.log("seen");
  }
  await new Promise((resolve) => setImmediate(resolve));
}
process.exit(0);
