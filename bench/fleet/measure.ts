/** What forwarding costs on this machine, with a real server: the figures that the simulation takes. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { NatsLink } from "../../src/ship/carriers/nats/connect.ts";
import { forward } from "../../src/ship/carriers/nats/forward.ts";
import { thisRuntime } from "../../scripts/runtimes.ts";
import { NatsCluster } from "../../test/support/nats_cluster.ts";
import { NatsServer, needsNatsServer } from "../../test/support/nats_server.ts";
import { cpuSeconds, residentBytes } from "../process_use.ts";
import type { Costs } from "./simulation.ts";

const ENTRIES = 200_000;
const ENTRY = new Uint8Array(100).fill(120);
const CONNECTIONS = 500;
const STREAM = "FLEET";
/** How many senders at once try how much one stream takes. */
const SENDERS = 2;

/** Measures. Takes about a minute. */
export async function measureCosts(): Promise<Costs> {
  if (needsNatsServer) throw new Error(needsNatsServer);
  const alone = await measureServer();
  const replicated = await measureCluster();
  // A stream's leader takes its messages one after the other: with copies elsewhere, a core of it is
  // what there is at the most.
  const streamRate = Math.min(alone.streamRate, 1 / replicated.leaderSeconds);
  return { ...alone, ...replicated, streamRate };
}

async function measureServer(): Promise<Omit<Costs, "leaderSeconds" | "replicaSeconds">> {
  await using server = await NatsServer.start();
  const connectionBytes = await measureConnections(server);
  const { seconds, wireBytes, storedBytes } = await send(server.url, 1);
  const start = performance.now();
  await Promise.all(
    Array.from({ length: SENDERS }, (_, index) => sendElsewhere(server.url, index)),
  );
  const together = SENDERS * ENTRIES / ((performance.now() - start) / 1000);
  const forwarderRate = ENTRIES / seconds;
  return {
    wireBytes,
    storedBytes,
    forwarderRate,
    // With its senders on the same cores: at least so much.
    streamRate: Math.max(together, forwarderRate),
    connectionBytes,
  };
}

/** What connections that say nothing cost the server in memory. */
async function measureConnections(server: NatsServer): Promise<number> {
  const before = residentBytes(server.pid);
  const sockets: Socket[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "data");
    socket.write('CONNECT {"verbose":false,"headers":true}\r\nPING\r\n');
    await once(socket, "data");
    sockets.push(socket);
  }
  const bytes = (residentBytes(server.pid) - before) / CONNECTIONS;
  for (const socket of sockets) socket.destroy();
  return bytes;
}

/** Three servers on this machine, a stream on all of them: what a copy costs its leader, and the others. */
async function measureCluster(): Promise<Pick<Costs, "leaderSeconds" | "replicaSeconds">> {
  await using cluster = await NatsCluster.start(3);
  const { servers } = cluster;
  const before = servers.map(({ pid }) => cpuSeconds(pid));
  const { leader } = await send(cluster.url, 3);
  const used = servers.map(({ pid }, index) => (cpuSeconds(pid) - before[index]) / ENTRIES);
  const leads = servers.findIndex((server) => server === cluster.named(leader));
  const others = used.filter((_, index) => index !== leads);
  return { leaderSeconds: used[leads], replicaSeconds: (others[0] + others[1]) / 2 };
}

interface Sent {
  seconds: number;
  wireBytes: number;
  storedBytes: number;
  leader: string;
}

/** Forwards a log that is full already, and says what that took. */
async function send(servers: string, replicas: number): Promise<Sent> {
  const name = `/ouroboros-fleet-${process.pid}-${replicas}`;
  using log = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkCount: 16,
    chunkSize: 4 << 20,
  });
  for (let i = 0; i < ENTRIES; i++) log.write(ENTRY);
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
  await using link = await NatsLink.open({ servers });
  // forward() waits until a new cluster has found its leader; this does not.
  const manager = await jetstreamManager(link.client, { checkAPI: false });
  const createStream = { replicas, subjects: [`fleet.>`] };
  const options = { link, stream: STREAM, subject: "fleet.{host}.{name}", createStream };
  // The stream is there before the clock runs.
  await (await forward(ShmLogReader.open(name, { strategy: "latest" }), {
    ...options,
    from: "new",
  }))
    .close();
  const before = link.client.stats();
  const start = performance.now();
  const forwarding = await forward(reader, options);
  while (forwarding.stats.acknowledged < ENTRIES) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - start) / 1000;
  await forwarding.close();
  const after = link.client.stats();
  const bytes = after.outBytes + after.inBytes - before.outBytes - before.inBytes;
  const { state, cluster } = await manager.streams.info(STREAM);
  return {
    seconds,
    wireBytes: bytes / ENTRIES,
    storedBytes: state.bytes / state.messages,
    leader: cluster?.leader ?? "",
  };
}

/** The same in a process of its own, beside others. */
async function sendElsewhere(url: string, index: number): Promise<void> {
  const { path, run } = thisRuntime();
  const script = fileURLToPath(new URL("sender.ts", import.meta.url));
  const child = spawn(path, [...run, script, url, STREAM, String(index), String(ENTRIES)], {
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`a sender ended with ${code}`);
}
