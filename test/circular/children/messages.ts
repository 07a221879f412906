/** Messages whose every byte follows from their number, and their writer. */

import process from "node:process";

export const MOST = 200;

/** Fills `room` with message `number`; gives its length, 4 to MOST. */
export function fillMessage(number: number, room: Uint8Array): number {
  const length = 4 + (Math.imul(number, 0x9e3779b1) >>> 24) % (MOST - 3);
  room[0] = number;
  room[1] = number >>> 8;
  room[2] = number >>> 16;
  room[3] = number >>> 24;
  let byte = Math.imul(number, 0x85ebca6b) >>> 16;
  for (let i = 4; i < length; i++) room[i] = byte += 7;
  return length;
}

/**
 * Writes messages by their numbers in bursts, until standard input says "end" (a few more then) or "pause"
 * (none until the end); says on standard output when it is ready, paused, and at the end how many.
 */
export async function writeBursts(
  burst: number,
  writeOne: (number: number) => void,
): Promise<void> {
  let told = "";
  process.stdin.on("data", (data) => told = String(data).trim());
  console.log("ready");
  let number = 0;
  let isPaused = false;
  while (told !== "end") {
    if (told === "pause") {
      told = "";
      isPaused = true;
      console.log("paused");
    }
    for (let n = isPaused ? 0 : burst; n > 0; n--) writeOne(++number);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let n = 0; n < 5; n++) writeOne(++number);
  console.log(String(number));
}

const expected = new Uint8Array(MOST);

/** The number of a message; -1 if a byte is not as it should be. */
export function checkMessage(bytes: Uint8Array, length: number): number {
  const number = (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  if (fillMessage(number, expected) !== length) return -1;
  for (let i = 0; i < length; i++) if (bytes[i] !== expected[i]) return -1;
  return number;
}
