/**
 * Builds the npm package in `dist/npm`, packs it into `dist`, and looks it over as its users' tools
 * will. `deno task test:npm` installs and tests it.
 *
 * `deno task build:npm`
 */

import process from "node:process";
import { problemsOf } from "./npm/look_over.ts";
import { buildPackage } from "./npm/package.ts";
import { withinBudget } from "./npm/budget.ts";

const { tarball, sizes } = await buildPackage();
console.log(tarball);
const isSmall = withinBudget(sizes);
const problems = await problemsOf(tarball);
for (const problem of problems) console.error(problem);
process.exit(isSmall && problems.length === 0 ? 0 : 1);
