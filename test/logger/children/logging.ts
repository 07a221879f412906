/** Logs without end, numbered, as fast as it can: `logging.ts TARGET`, with the target in JSON. */

import { writeSync } from "node:fs";
import process from "node:process";
import { createLogger } from "../../../src/logger/mod.ts";

const target = JSON.parse(process.argv[2]);
const log = createLogger({ target, chunkSize: 65536, chunkCount: 4, ifExists: "resume" });
const event = log.event("event", { n: "int", text: "string" });
const child = log.child({ child: true });
const text = 'some text with a " in it '.repeat(4);
writeSync(1, "logging\n");
for (let n = 1;; n += 4) {
  log.info({ n, text, list: [n, { n }], at: n / 8 }, "object");
  event(n + 1, text);
  child.warn({ n: n + 2, error: { message: "é\n" } }, "from a child");
  log.info({
    n: n + 3,
    get inner() {
      log.debug("off");
      return text.slice(0, n % 100);
    },
  });
}
