/** Receiving from memory, thousands of times: RECEIVE_RUNS is how often. */

import process from "node:process";
import { MemoryReceiveCarrier, MemoryStream } from "../support/memory_receiver.ts";
import { baseSeed } from "../support/random.ts";
import { receiveConformance } from "../support/receive_conformance.ts";
import { slowness } from "../support/runtime.ts";

receiveConformance("memory", ({ random }) => {
  const stream = new MemoryStream();
  const carriers: MemoryReceiveCarrier[] = [];
  return Promise.resolve({
    carrier(options = {}) {
      const carrier = new MemoryReceiveCarrier(stream, { ...options, ...random && { random } });
      carriers.push(carrier);
      return carrier;
    },
    put(messages) {
      stream.put(...messages);
      return Promise.resolve();
    },
    disturb() {
      carriers.at(-1)?.receiver?.cut();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, {
  runs: Number(process.env.RECEIVE_RUNS ?? 2000),
  messages: 60,
  seed: baseSeed,
  skip: false,
  timeout: 120_000 * slowness,
});
