/** Another user, for tests of who may do what: possible where root runs the tests, on Linux. */

import type { SpawnSyncReturns } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { runScript } from "./runtime.ts";

/** The number of the user `nobody`. */
export const NOBODY = 65534;

/**
 * Opens the runtime before it becomes somebody else: its path may lead through a folder that only
 * root may enter.
 */
const BECOME_NOBODY =
  `runtime=$1; shift; exec 3<"$runtime" && exec setpriv --reuid=${NOBODY} --regid=${NOBODY} ` +
  '--clear-groups /proc/self/fd/3 "$@"';

/** Runs a file of test/ to its end on this runtime, as `nobody`. */
export function runAsNobody(file: URL, args: (string | number)[]): SpawnSyncReturns<string> {
  const home = mkdtempSync(`${tmpdir()}/ouroboros-nobody-`);
  try {
    chownSync(home, NOBODY, NOBODY);
    return runScript(file, args, {
      before: ["sh", "-c", BECOME_NOBODY, "sh"],
      env: { DENO_DIR: `${home}/deno`, HOME: home },
    });
  } finally {
    rmSync(home, { recursive: true });
  }
}
