/** Receiving from a real server through a network that is cut, as from memory: RECEIVE_NATS_RUNS is how often. */

import process from "node:process";
import { natsReceiveCarrier } from "../../../src/ship/carriers/nats/receive.ts";
import type { LogMessage } from "../../../src/ship/message.ts";
import { needsNatsServer } from "../../support/nats_server.ts";
import { baseSeed } from "../../support/random.ts";
import { receiveConformance } from "../../support/receive_conformance.ts";
import { ReceiveTests } from "../../support/receiving.ts";
import { slowness } from "../../support/runtime.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const tests = new ReceiveTests();

receiveConformance("NATS", async () => {
  const stream = await tests.newStream();
  const { publisher } = tests;
  const proxy = await TcpProxy.start(tests.server.port);
  const decoder = new TextDecoder();
  let last = 0;
  return {
    carrier({ consumer, window } = {}) {
      return natsReceiveCarrier({
        servers: proxy.url,
        stream,
        maxReconnectDelay: 20,
        ...consumer !== undefined && { consumer },
        ...window !== undefined && { window },
      });
    },
    async put(messages: readonly LogMessage[]) {
      for (const message of messages) {
        if (message.kind === "gap") {
          const { from, to, reason, filtered } = message;
          await publisher.gap(stream, message, from, to, reason, filtered);
        } else {
          const text = decoder.decode(message.payload);
          const { sequenceNumber, filtered } = message;
          await publisher.entries(stream, message, [sequenceNumber], () => text, filtered);
        }
      }
      await publisher.settled(stream, last += messages.length);
    },
    disturb() {
      proxy.cut();
      proxy.restore();
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
    },
  };
}, {
  runs: Number(process.env.RECEIVE_NATS_RUNS ?? 12),
  messages: 60,
  seed: baseSeed,
  skip: needsNatsServer,
  timeout: 120_000 * slowness,
});
