/** Says of each name whether there is such a segment. */

import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";

console.log("exists", ...process.argv.slice(2).map((name) => SharedMemory.exists(name)));
