/** Takes the lock and keeps it until it is killed. */

import process from "node:process";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";

const [kind, path] = process.argv.slice(2);
const memory = kind === "MappedFile"
  ? MappedFile.open(path)
  : SharedMemory.open(path.replace("/dev/shm", ""));
console.log(memory.tryLock() ? "locked" : "refused");
// Kept by the listener: what nothing refers to any more is closed when its garbage is collected.
process.stdin.once("end", () => memory.close()).resume();
