/** Workers in a /dev/shm of 64 MiB: says how large their logs are, and what came of a larger one. */

import process from "node:process";
import { NoSpaceError, ShmLogReader, ShmLogWriter } from "../../../mod.ts";

const logs: ShmLogWriter[] = [];
try {
  for (;;) logs.push(ShmLogWriter.create("/app.{slot}", { unlinkOnClose: false }));
} catch (error) {
  if (!(error instanceof NoSpaceError)) throw error;
}
console.log(JSON.stringify(logs.map(({ segmentSize }) => segmentSize)));

process.on("warning", ({ message }) => {
  using reader = ShmLogReader.open("/app.0");
  const { text } = reader.read()!;
  console.log(`${JSON.stringify(text)} ${message}`);
});
logs[0].write("kept");
logs[0].close();
ShmLogWriter.create("/app.{slot}", { size: "64MiB", unlinkOnClose: false });
