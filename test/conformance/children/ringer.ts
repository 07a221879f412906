/**
 * One side of a game with two bells: it waits for a ring of the first, and answers with a ring of
 * the second, `rounds` times. In every other round it does so only when the other side is about to
 * sleep. At the start of a segment lie the number of the last ring, and for which one its listener
 * goes to sleep.
 */

import process from "node:process";
import { Doorbell, SharedMemory } from "../../../ffi/mod.ts";

const [first, second, rounds, begins] = process.argv.slice(2);
const heard = SharedMemory.open(first, { access: "read-write" });
const told = SharedMemory.open(second, { access: "read-write" });
const [ears, voice] = [Doorbell.of(heard), Doorbell.of(told)];
if (ears === undefined || voice === undefined) throw new Error("no bell");
const [RUNG, ASLEEP] = [0, 1];
const ours = new Int32Array(heard.buffer, 0, 2);
const theirs = new Int32Array(told.buffer, 0, 2);
const pause = new Int32Array(new SharedArrayBuffer(4));
let sleeps = 0;

function ring(round: number): void {
  while (round % 2 === 0 && Atomics.load(theirs, ASLEEP) !== round) Atomics.wait(pause, 0, 0, 1);
  Atomics.store(theirs, RUNG, round);
  voice?.ring();
}

console.log("there");
for (let round = 1; round <= Number(rounds); round++) {
  if (begins === "begins") ring(round);
  while (Atomics.load(ours, RUNG) !== round) {
    ears.arm();
    if (Atomics.load(ours, RUNG) === round) break;
    Atomics.store(ours, ASLEEP, round);
    sleeps++;
    // A ring that is missed makes this take longer than anybody waits.
    await ears.sleep(100_000);
  }
  if (begins !== "begins") ring(round);
}
console.log(String(sleeps));
for (const handle of [ears, voice, heard, told]) handle.close();
