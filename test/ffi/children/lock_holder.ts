/** Takes the lock and keeps it until it is killed. */

import process from "node:process";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";

const [kind, path] = process.argv.slice(2);
const memory = kind === "MappedFile"
  ? MappedFile.open(path)
  : SharedMemory.open(path.replace("/dev/shm", ""));
console.log(memory.tryLock() ? "locked" : "refused");
process.stdin.resume();
