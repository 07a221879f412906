/**
 * Receives into a local log until it is killed, or told to end by a line. Says "ready" when it has
 * written something.
 *
 * Arguments: server, stream, name, chunk size.
 */

import process from "node:process";
import { receiveInto } from "../../../../src/ship/carriers/nats/receive.ts";

const [servers, stream, name, chunkSize] = process.argv.slice(2);
const end = new AbortController();
process.stdin.once("data", () => end.abort());
let isReady = false;
const summary = await receiveInto(name, {
  servers,
  stream,
  chunkSize: Number(chunkSize),
  signal: end.signal,
  maxHold: 60_000,
  onItems() {
    if (!isReady) console.log("ready");
    isReady = true;
  },
});
console.log(JSON.stringify(summary));
process.exit(0);
