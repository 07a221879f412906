/**
 * Writes entries as fast as it is told to, until it is killed. Says "ready" when the first are there.
 *
 * Arguments: name, "resume" or "replace", entries a millisecond, chunk size, chunk count.
 */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";
import { entryText } from "../../support/nats_stream.ts";

const [name, ifExists, rate, chunkSize, chunkCount] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, {
  chunkSize: Number(chunkSize),
  chunkCount: Number(chunkCount),
  ifExists: ifExists as "resume" | "replace",
  unlinkOnClose: false,
});
let before = performance.now();
let due = 1;
let isReady = false;
setInterval(() => {
  const now = performance.now();
  due += (now - before) * Number(rate);
  before = now;
  for (; due >= 1; due--) writer.write(entryText(writer.totalEntriesWritten + 1));
  if (!isReady) console.log("ready");
  isReady = true;
}, 1);
