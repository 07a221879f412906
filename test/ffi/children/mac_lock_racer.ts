/** Takes and gives back a lock of macOS, whose file goes each time, and says how often it was not alone. */

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { system } from "../../../ffi/current_system.ts";
import { MacLocks } from "../../../ffi/macos/locks.ts";
import { SharedMemory } from "../../../ffi/mod.ts";

const [name, folder, rounds] = process.argv.slice(2);
using memory = SharedMemory.open(name, { access: "read-write" });
const words = new Int32Array(memory.buffer);
const [GO, HOLDERS] = [0, 1];
const pause = new Int32Array(new SharedArrayBuffer(4));
const user = () => process.geteuid?.() ?? 0;
const locks = new MacLocks(
  system(),
  { mode: () => 0o600, user, lockFolder: folder },
  () => false,
);
// Any object of our own user stands for the segment.
const descriptor = openSync(`${folder}/segment`, "r");
const identity = { device: 0, inode: 4711, created: 1 };
locks.use(descriptor, "/raced", { size: 4096, identity, isBlank: false });
console.log("racing");
while (Atomics.load(words, GO) === 0) Atomics.wait(pause, 0, 0, 1);
let crowds = 0;
for (let wins = 0; wins < Number(rounds);) {
  if (!locks.lock(descriptor)) continue;
  wins++;
  if (Atomics.add(words, HOLDERS, 1) !== 0) crowds++;
  if (wins % 10 === 0) Atomics.wait(pause, 0, 0, 1);
  if (Atomics.sub(words, HOLDERS, 1) !== 1) crowds++;
  locks.unlock(descriptor);
}
closeSync(descriptor);
console.log(crowds);
