/**
 * Publishes in one of several ways, and says how long that took; or follows a log until its input ends.
 *
 * Arguments: the way, the server, the name of the log, how many entries, how large they are.
 */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { NatsLink } from "../../src/ship/carriers/nats/connect.ts";
import { forward, natsCarrier } from "../../src/ship/carriers/nats/forward.ts";
import { forward as forwardToCollector } from "../../src/ship/carriers/otlp/forward.ts";
import { jetstreamPackage } from "../../src/ship/carriers/nats/client.ts";
import { prepareStream } from "../../src/ship/carriers/nats/stream.ts";

const [way, servers, name, count, size] = process.argv.slice(2);
const total = Number(count);
const payload = new Uint8Array(Number(size)).fill(65);
const WINDOW = 4096;

const isOtlp = way.startsWith("OTLP");
await using link = isOtlp ? undefined : await NatsLink.open({ servers });
if (link !== undefined) {
  await prepareStream(link, "BENCH", [], { create: { subjects: ["logs.>"] } });
}
console.log("ready");

let start = performance.now();
let cpu = process.cpuUsage();
if (way === "the client alone") await publishAlone();
else if (way === "js.publish()") await publishByPromises();
else {
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
  await using forwarding = isOtlp
    ? await forwardToCollector(reader, { url: servers })
    : await forward(reader, { link: link!, stream: "BENCH" });
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
  const source = { host: "bench", name: "/bench", segment: "1a-2b07-640f5e3c" };
  const done = Promise.withResolvers<void>();
  let acknowledged = 0;
  let sent = 0;
  const carrier = natsCarrier({ link: link!, stream: "BENCH" });
  const sender = await carrier.open(
    {
      acknowledged() {
        acknowledged++;
        if (acknowledged === total) done.resolve();
        else if (sent - acknowledged < WINDOW / 2) send();
      },
      refused: () => done.reject(new Error("refused")),
      rejected: () => {},
      failed: (error) => done.reject(error),
      connected: () => {},
      disconnected: () => {},
    },
    new Uint8Array(16),
    source,
    undefined,
  );
  const message = {
    ...{ source, from: 0, to: 0, reason: undefined, size: payload.length, bytes: payload },
    ...{ cutFrom: undefined, filtered: 0, time: Date.now(), ticket: 0, attempt: 1 },
  };
  const send = () => {
    while (sent < total && sent - acknowledged < WINDOW) {
      message.from = message.to = message.ticket = ++sent;
      sender.send(message);
    }
  };
  [start, cpu] = [performance.now(), process.cpuUsage()];
  send();
  await done.promise;
  await sender.close();
}

/** As the client's documentation says it. */
async function publishByPromises(): Promise<void> {
  const { jetstream } = await jetstreamPackage();
  const client = jetstream(link!.client);
  [start, cpu] = [performance.now(), process.cpuUsage()];
  for (let sent = 0; sent < total;) {
    const promises: Promise<unknown>[] = [];
    while (sent < total && promises.length < WINDOW) {
      promises.push(client.publish("logs.bench.bench", payload, { msgID: String(++sent) }));
    }
    await Promise.all(promises);
  }
}
