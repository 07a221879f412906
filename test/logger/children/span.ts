/** Ends a span, opens another one, and is killed: `span.ts TARGET`, with the target in JSON. */

import process from "node:process";
import { createLogger } from "../../../src/logger/mod.ts";

const log = createLogger({ target: JSON.parse(process.argv[2]) });
log.span("done").end();
log.span("open", { url: "/pay" });
process.kill(process.pid, "SIGKILL");
