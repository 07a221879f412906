/**
 * Builds the npm package in `dist/npm`, packs it into `dist`, and looks it over as its users' tools
 * will. `deno task test:npm` installs and tests it.
 *
 * `deno task build:npm`
 */

import process from "node:process";
import { problemsOf } from "./npm/look_over.ts";
import { buildPackage } from "./npm/package.ts";

const { tarball, sizes } = await buildPackage();
console.log(tarball);
for (const [what, bytes] of Object.entries(sizes)) {
  console.log(`${what.padEnd(10)} ${bytes.toLocaleString("en-US").padStart(9)} bytes`);
}
const problems = await problemsOf(tarball);
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
