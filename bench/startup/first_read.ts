/** Imports the library, opens the log that is named, and reads one entry of it. */

import process from "node:process";

const start = performance.now();
const { ShmLogReader } = await import("../../mod.ts");
using reader = ShmLogReader.open(process.argv[2]);
if (reader.read() === undefined) throw new Error("nothing to read");
process.stdout.write(String(performance.now() - start));
