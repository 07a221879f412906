/** OTLP keeps what every carrier keeps: a strict collector, behind a network that is cut or stands still. */

import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { otlpCarrier } from "../../../src/ship/carriers/otlp/forward.ts";
import { OTLP_PROTOCOLS } from "../../../src/ship/carriers/otlp/otlp_options.ts";
import { carrierConformance } from "../../support/carrier_conformance.ts";
import { OtlpCollector, partly } from "../../support/otlp_collector.ts";
import { baseSeed } from "../../support/random.ts";
import { slowness } from "../../support/runtime.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

for (const protocol of OTLP_PROTOCOLS) {
  carrierConformance(`OTLP (${protocol})`, async ({ mostBytes = 1 << 20, random }) => {
    const collector = await OtlpCollector.start();
    collector.mostBytes = mostBytes;
    const proxy = await TcpProxy.start(collector.port);
    let isFull = false;
    collector.refuse = async (request, response) => {
      const fate = random?.below(40);
      if (isFull || fate === 0) {
        response.writeHead(fate === 0 ? 502 : 503).end();
        return true;
      }
      if (fate === 1) {
        response.writeHead(429, { "retry-after": "0" }).end();
        return true;
      }
      // Taken, and the answer is lost.
      if (fate === 2) response.destroy();
      if (fate === 3) await sleep(60);
      if (fate === 4) partly(request, response, 0, "a warning");
      return false;
    };
    let isOver = false;
    const troubles = (async () => {
      while (random !== undefined && !isOver) {
        await sleep(random.below(60));
        [() => proxy.cut(), () => proxy.stall()][random.below(2)]();
        await sleep(random.below(60));
        proxy.restore();
        // So that something gets through.
        await sleep(100);
      }
    })();
    return {
      knowsRepeats: false,
      noticesLoss: false,
      carrier: otlpCarrier({
        ...{ url: `http://127.0.0.1:${proxy.port}`, protocol, linger: 2 },
        ...{
          maxBatch: random === undefined ? 100 : 1 + random.below(30),
          maxBatchBytes: mostBytes,
        },
        ackTimeout: 200 * slowness,
      }),
      stored: () => Promise.resolve(collector.stored),
      setFull: (full: boolean) => Promise.resolve(void (isFull = full)),
      cut: () => proxy.cut(),
      stall: () => proxy.stall(),
      restore: () => proxy.restore(),
      async [Symbol.asyncDispose]() {
        isOver = true;
        await troubles;
        assert.deepEqual(collector.complaints, []);
        await proxy[Symbol.asyncDispose]();
        await collector[Symbol.asyncDispose]();
      },
    };
  }, { runs: 3, messages: 1000, seed: baseSeed, skip: false, timeout: 120_000 * slowness });
}
