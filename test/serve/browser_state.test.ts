/** What the page says of a log: lost, finished, saved, not there, not known yet. */

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { LiveServer } from "../../src/cli/serve/server.ts";
import { collectLogs } from "../../src/ship/collect.ts";
import { withoutBrowser, withPage } from "../support/browser.ts";
import { testFolder } from "../support/folder.ts";
import { line, makeLog, until, withLivePage } from "../support/live_page.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = withoutBrowser;

test("the page shows loss, and a log that goes and comes again", { skip }, async () => {
  const name = uniqueName("page");
  const first = makeLog(name);
  await withLivePage([name, uniqueName("page")], async (page) => {
    await page.locator("#state.live").waitFor();
    const text = "x".repeat(1000);
    for (let n = 0; n < 50_000; n++) first.write(text);
    await page.locator("#loss >> text=lost").waitFor();
    first.close();
    await page.locator("#state >> text=not there").waitFor();
    using second = makeLog(name);
    second.write("of the second");
    await until(page, (texts) => texts.at(-1) === "of the second");
    await page.locator(".remark >> text=a new log has taken the name").waitFor();
    await page.locator("#logs button.alive").waitFor();
    assert.equal(await page.locator("#logs button").count(), 2);
    // It may ask how entries spread over time before it knows that the log is gone.
  }, { expected: /status of 404/ });
});

test("the page says that a log is finished", { skip }, async () => {
  const name = uniqueName("page");
  using log = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 65536,
    chunkCount: 8,
    version: 2,
  });
  log.write(line(1));
  await withLivePage([name], async (page) => {
    await page.locator("#state.live").waitFor();
    log.finish();
    await page.locator("#state", { hasText: "finished" }).waitFor();
    await page.locator("#facts", { hasText: "Writerfinished" }).waitFor();
    assert.deepEqual(await until(page, (texts) => texts.length > 0), ["line 1"]);
  });
});

test("the page says that a copy of logs is saved, not dead", { skip }, async () => {
  const [one, other] = [makeLog(), makeLog()];
  for (const log of [one, other]) log.write(line(1));
  const path = `${testFolder("page")}/copy.log`;
  await collectLogs([one.name, other.name], path);
  for (const log of [one, other]) log.close();
  await withLivePage([{ path }], async (page) => {
    await page.locator("#state", { hasText: /^saved$/ }).waitFor();
    await page.locator("#facts", { hasText: "Writersaved" }).waitFor();
    await page.locator("#logs .size", { hasText: /^saved · / }).waitFor();
  });
});

test("a page does not say that there is no log before anybody has looked", { skip }, async () => {
  const server = await LiveServer.start({
    targets: [],
    host: "127.0.0.1",
    port: 0,
    mostEntries: 1,
  });
  // What answers in its place, as slowly as it is told to.
  const events = createServer();
  const asked = new Promise<ServerResponse>((resolve) =>
    events.on("request", (_, response) => resolve(response))
  );
  await new Promise<void>((resolve) => events.listen(0, "127.0.0.1", () => resolve()));
  try {
    await withPage(async (page) => {
      await page.route("**/events?*", async (route) => {
        const { port } = events.address() as AddressInfo;
        await route.continue({ url: `http://127.0.0.1:${port}/` });
      });
      await page.goto(server.url);
      await page.locator("#nothing >> text=Connecting …").waitFor();
      const response = await asked;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: hello\ndata: {"version":"0","mostEntries":1}\n\n');
      await page.locator("#nothing >> text=Looking for logs …").waitFor();
      response.write('event: unlisted\ndata: {"count":0}\n\nevent: logs\ndata: []\n\n');
      await page.locator("#nothing >> text=There is no log on this machine yet.").waitFor();
    });
  } finally {
    events.closeAllConnections();
    events.close();
    await server.close();
  }
});
