/** The paths in a process whose collections JSC logs on standard error, with marks in between. */

import { writeSync } from "node:fs";
import { eachPath } from "./paths.ts";

/** How often a path is run, so that what it allocates is more than one collection's worth. */
const RUNS = 5;

eachPath((path, run) => {
  run();
  run();
  writeSync(2, `BEGIN ${RUNS} ${path}\n`);
  for (let i = 0; i < RUNS; i++) run();
  writeSync(2, "END\n");
});
