/** The guide's way to ship a log to a collector of OpenTelemetry, against one that fails now and then. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { ShmLogWriter } from "../../mod.ts";
import { uniqueName } from "../support/runtime.ts";

const root = new URL("../../", import.meta.url);

interface Ship {
  ship(name: string, url: string, signal?: AbortSignal): Promise<void>;
}

/** The example of the guide, as a module of its own. */
async function loadExample(folder: string): Promise<Ship> {
  const text = readFileSync(new URL("src/guides/machines.md", root), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code);
  const block = blocks.find((block) => block.includes("function ship"));
  assert.ok(block, "the guide has an example that ships");
  const code = block.replace('"@ouroboros/log"', JSON.stringify(new URL("mod.ts", root).href));
  const path = `${folder}/ship.ts`;
  writeFileSync(path, code);
  return await import(pathToFileURL(path).href);
}

test("the guide's example ships every entry to a collector that is away now and then", async () => {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-ship-`);
  const { ship } = await loadExample(folder);
  const shipped: string[] = [];
  let asked = 0;
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (++asked % 2 === 1) {
      response.writeHead(503).end();
      return;
    }
    const [{ resource, scopeLogs }] = JSON.parse(Buffer.concat(chunks).toString()).resourceLogs;
    assert.equal(resource.attributes[0].value.stringValue, name);
    for (const { body, attributes, observedTimeUnixNano } of scopeLogs[0].logRecords) {
      assert.match(observedTimeUnixNano, /^\d{19}$/);
      shipped.push(`${attributes[0].value.intValue} ${body.stringValue}`);
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  const name = uniqueName("ship");
  using log = ShmLogWriter.create(name, { chunkSize: 65536, chunkCount: 4, unlinkOnClose: true });
  log.writeMany(["one", "two"]);
  const end = new AbortController();
  const { port } = collector.address() as AddressInfo;
  const shipping = ship(name, `http://127.0.0.1:${port}/v1/logs`, end.signal);
  try {
    while (shipped.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    log.write("three");
    while (shipped.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(shipped, ["1 one", "2 two", "3 three"]);
    assert.ok(asked >= 4);
  } finally {
    end.abort();
    await shipping;
    collector.close();
    rmSync(folder, { recursive: true });
  }
});
