/**
 * One side of a game with two bells: it waits for a ring of the first, and answers with a ring of
 * the second, `rounds` times. The counters lie at the start of the segments.
 */

import process from "node:process";
import { Doorbell, SharedMemory } from "../../../ffi/mod.ts";

const [first, second, rounds, begins] = process.argv.slice(2);
const heard = SharedMemory.open(first, { access: "read-write" });
const told = SharedMemory.open(second, { access: "read-write" });
const [ears, voice] = [Doorbell.of(heard), Doorbell.of(told)];
if (ears === undefined || voice === undefined) throw new Error("no bell");
const counter = new Int32Array(heard.buffer, 0, 1);
const answer = new Int32Array(told.buffer, 0, 1);
let sleeps = 0;
console.log("there");
for (let round = 1; round <= Number(rounds); round++) {
  if (begins === "begins") {
    Atomics.store(answer, 0, round);
    voice.ring();
  }
  while (Atomics.load(counter, 0) !== round) {
    ears.arm();
    if (Atomics.load(counter, 0) === round) break;
    sleeps++;
    // A ring that is missed makes this take longer than anybody waits.
    await ears.sleep(100_000);
  }
  if (begins !== "begins") {
    Atomics.store(answer, 0, round);
    voice.ring();
  }
}
console.log(String(sleeps));
for (const handle of [ears, voice, heard, told]) handle.close();
