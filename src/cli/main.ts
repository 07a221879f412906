/**
 * The command `ouroboros`: writes, follows, inspects and removes logs in shared memory.
 *
 * ```sh
 * deno run -A src/cli/main.ts --help
 * ```
 *
 * @module
 */

import process from "node:process";
import { main } from "./program.ts";

// Not by exitCode alone: a standard input that is still open would keep the process.
main(process.argv.slice(2)).then((code) => process.exit(code));
