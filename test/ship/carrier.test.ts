/** A carrier in memory keeps what every carrier keeps, through thousands of random runs. */

import { carrierConformance } from "../support/carrier_conformance.ts";
import { MemoryCarrier, MemoryStore } from "../support/memory_carrier.ts";
import { baseSeed } from "../support/random.ts";
import { slowness } from "../support/runtime.ts";

carrierConformance("memory", ({ mostBytes = Infinity, random }) => {
  const store = new MemoryStore();
  store.mostBytes = mostBytes;
  const carrier = new MemoryCarrier(store, random);
  return Promise.resolve({
    carrier,
    stored: () => Promise.resolve(store.messages),
    setFull: (isFull: boolean) => Promise.resolve(void (store.isFull = isFull)),
    cut: () => carrier.cut(),
    stall: () => void (carrier.isStalled = true),
    restore: () => carrier.restore(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, { runs: 3000, messages: 200, seed: baseSeed, skip: false, timeout: 120_000 * slowness });
