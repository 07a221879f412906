/** Looks at the lock again and again, until it is killed. */

import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";

const memory = SharedMemory.open(process.argv[2]);
console.log("looking");
for (;;) memory.isLocked();
