/**
 * Publishes in one of several ways, and says how long that took; or follows a log until its input ends.
 *
 * Arguments: the way, the server, the name of the log, how many entries, how large they are.
 */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { NatsLink } from "../../src/ship/carriers/nats/connect.ts";
import { forward } from "../../src/ship/carriers/nats/forward.ts";
import { MessageEncoder } from "../../src/ship/carriers/nats/message_encoder.ts";
import { NatsCarrier } from "../../src/ship/carriers/nats/nats_carrier.ts";
import { jetstreamPackage } from "../../src/ship/carriers/nats/packages.ts";
import { prepareStream } from "../../src/ship/carriers/nats/stream.ts";

const [way, servers, name, count, size] = process.argv.slice(2);
const total = Number(count);
const payload = new Uint8Array(Number(size)).fill(65);
const WINDOW = 4096;

await using link = await NatsLink.open({ servers });
await prepareStream(link, "BENCH", [], { create: { subjects: ["logs.>"] } });
console.log("ready");

let start = performance.now();
let cpu = process.cpuUsage();
if (way === "the client alone") await publishAlone();
else if (way === "js.publish()") await publishByPromises();
else {
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
  await using forwarding = await forward(reader, { link, stream: "BENCH" });
  if (way === "follow") {
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.on("end", resolve));
  } else {
    [start, cpu] = [performance.now(), process.cpuUsage()];
    await forwarding.flush();
    if (forwarding.stats.acknowledged !== total) throw new Error("some are missing");
  }
}
const milliseconds = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ milliseconds, cpu: (user + system) / 1000 }));

/** The messages of a forwarder, without a log, and without a thought of what could go wrong. */
async function publishAlone(): Promise<void> {
  const encoder = new MessageEncoder({
    host: "bench",
    name: "/bench",
    segment: "1a-2b07-640f5e3c",
  });
  const done = Promise.withResolvers<void>();
  let acknowledged = 0;
  let sent = 0;
  const answers = {
    acknowledged() {
      acknowledged++;
      if (acknowledged === total) done.resolve();
      else if (sent - acknowledged < WINDOW / 2) send();
    },
    refused: () => done.reject(new Error("refused")),
    misled: () => done.reject(new Error("misled")),
    failed: (error: Error) => done.reject(error),
  };
  const options = { stream: "BENCH", maxMessageSize: Infinity };
  const carrier = await NatsCarrier.on(link, options, answers);
  const time = Date.now();
  const send = () => {
    while (sent < total && sent - acknowledged < WINDOW) {
      sent++;
      carrier.publish(encoder.subject, encoder.entryHeaders(sent, time), payload, 1, sent);
    }
  };
  [start, cpu] = [performance.now(), process.cpuUsage()];
  send();
  await done.promise;
  carrier.close();
}

/** As the client's documentation says it. */
async function publishByPromises(): Promise<void> {
  const { jetstream } = await jetstreamPackage();
  const client = jetstream(link.client);
  [start, cpu] = [performance.now(), process.cpuUsage()];
  for (let sent = 0; sent < total;) {
    const promises: Promise<unknown>[] = [];
    while (sent < total && promises.length < WINDOW) {
      promises.push(client.publish("logs.bench.bench", payload, { msgID: String(++sent) }));
    }
    await Promise.all(promises);
  }
}
