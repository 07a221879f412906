/**
 * Receives a whole stream in one of several ways, and says how long that took.
 *
 * Arguments: the way, the server, the stream, how many entries there are.
 */

import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { NatsLink } from "../../src/ship/carriers/nats/connect.ts";
import { jetstreamPackage } from "../../src/ship/carriers/nats/client.ts";
import { receive, receiveInto } from "../../src/ship/carriers/nats/receive.ts";

const [way, servers, stream, count] = process.argv.slice(2);
const options = { servers, stream, follow: false };
const consumer = `bench-${process.pid}`;
const ways: Record<string, () => Promise<number>> = {
  "receive(), batches": () => batches(options),
  "with a consumer": () => batches({ ...options, consumer }),
  "item by item": items,
  "receiveInto()": into,
  "the client's consume()": clientAlone,
};

const start = performance.now();
const cpu = process.cpuUsage();
const found = await ways[way]();
const milliseconds = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
if (found !== Number(count)) throw new Error(`${found} of ${count} entries`);
console.log(JSON.stringify({ milliseconds, cpu: (user + system) / 1000 }));
process.exit(0);

async function batches(options: Parameters<typeof receive>[0]): Promise<number> {
  let count = 0;
  for await (const batch of receive(options).batches()) count += batch.length;
  return count;
}

async function items(): Promise<number> {
  let count = 0;
  for await (const _ of receive(options)) count++;
  return count;
}

async function into(): Promise<number> {
  const name = `/ouroboros-bench-into-${process.pid}`;
  try {
    return (await receiveInto(name, { ...options, consumer })).entries;
  } finally {
    for (const one of [name, `${name}.origin`]) SharedMemory.unlink(one);
  }
}

/** What the client gives by itself: messages, in order, of which nobody has looked at a header. */
async function clientAlone(): Promise<number> {
  await using link = await NatsLink.open({ servers });
  const { jetstream } = await jetstreamPackage();
  const ordered = await jetstream(link.client).consumers.get(stream);
  let count = 0;
  for await (const message of await ordered.consume({ max_messages: 4096 })) {
    count++;
    if (message.info.pending === 0) break;
  }
  return count;
}
