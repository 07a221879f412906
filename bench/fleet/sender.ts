/** Forwards a full log of its own to a stream: URL STREAM INDEX ENTRIES. */

import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { forward } from "../../src/ship/carriers/nats/forward.ts";

const [servers, stream, index, entries] = process.argv.slice(2);
const name = `/ouroboros-fleet-${process.pid}-${index}`;
using log = ShmLogWriter.create(name, { unlinkOnClose: true, chunkCount: 16, chunkSize: 4 << 20 });
for (let i = 0; i < Number(entries); i++) log.write("x".repeat(100));
using reader = ShmLogReader.open(name, { strategy: "oldest" });
const forwarding = await forward(reader, { servers, stream, subject: "fleet.{host}.{name}" });
while (forwarding.stats.acknowledged < Number(entries)) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await forwarding.close();
