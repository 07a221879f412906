/** Logs a line and an error, and ends: `few_lines.ts NAME`. */

import process from "node:process";
import { createLogger } from "../../../src/logger/mod.ts";

const log = createLogger({ target: process.argv[2], required: true, unlinkOnClose: false });
log.info("a line");
log.error(new Error("an error"));
