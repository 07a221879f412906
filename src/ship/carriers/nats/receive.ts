/**
 * Logs of many machines, out of a stream of NATS JetStream.
 *
 * @module
 */

import type { ReceiveOptions } from "./receive_options.ts";
import { Reception } from "../../reception.ts";

/**
 * Receives what forwarders have put into a stream: the entries of each log in their order, each once,
 * and a gap in the place of those that are missing. So entries and gaps of a log together are all
 * numbers, from 1 on unless `start` is later.
 *
 * With a `consumer` the server remembers what was handled, which is said by asking for the next item:
 * after a crash, what was not is given again. With a `state` file besides, what was handled is not given
 * again, even if the server does not know of it; `receiveInto()` needs no such file. A connection that
 * is lost comes back.
 *
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if there is a state file and no consumer
 *
 * @example
 * ```typescript
 * import { receive } from "@ouroboros/log/nats";
 *
 * const items = receive({ servers: "nats://127.0.0.1:4222", stream: "LOGS", consumer: "alarm" });
 * for await (const item of items) {
 *   const { host, name } = item.source;
 *   if (item.kind === "gap") console.log(`${host}${name}: ${item.count} missing: ${item.reason}`);
 *   else if (item.text.includes("ERROR")) console.log(`${host}${name}: ${item.text}`);
 * }
 * ```
 */
export function receive(options: ReceiveOptions): Reception {
  return new Reception(options);
}
