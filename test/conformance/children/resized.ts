/** Resumes a log in a size, or makes it, and writes entries up to a number: `NAME SIZE VERSION FROM TO`. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";

const [name, size, version, from, to] = process.argv.slice(2);
using log = ShmLogWriter.create(name, {
  size,
  unlinkOnClose: false,
  ...from === "1" && { version: version === "2" ? 2 : 1 },
});
for (let n = Number(from); n <= Number(to); n++) {
  if (log.write(`entry ${n}`) !== n) throw new Error(`entry ${n} has another number`);
}
