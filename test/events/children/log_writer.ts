/** Writes events to a log until it is killed: path, largest payload, batch size, grow. */

import process from "node:process";
import { EventLogWriter } from "../../../src/events/mod.ts";
import { eventOf } from "../../support/events.ts";

const [path, most, batch, grow] = [process.argv[2], ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
];
const log = EventLogWriter.open(path, { grow });
let number = log.eventCount;
console.log(number);
process.stdin.once("data", () => {
  for (;;) {
    if (batch === 1) {
      const event = eventOf(number, most);
      if (!log.writeEvent(event, event.payload)) break;
      number++;
    } else {
      const events = Array.from({ length: batch }, (_, i) => eventOf(number + i, most));
      const count = log.writeMany(events);
      number += count;
      if (count < batch) break;
    }
  }
  console.log(number);
  log.close();
  process.exit();
});
