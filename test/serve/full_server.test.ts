/** A server that has no room for one more page. */

import test from "node:test";
import { launchBrowser, withoutBrowser } from "../support/browser.ts";
import { EventClient, makeLog, withServer } from "../support/serve.ts";

test("a page too many says so, and comes in when another one goes", {
  skip: withoutBrowser,
}, async () => {
  using log = makeLog();
  log.write("only line");
  const browser = await launchBrowser();
  try {
    await withServer([log.name], async (server) => {
      const page = await browser.newPage();
      page.setDefaultTimeout(60_000);
      const others = await Promise.all(
        Array.from({ length: 64 }, () => EventClient.open(server.url)),
      );
      await page.goto(server.url);
      await page.locator("#nothing >> text=No more than 64 pages may be open.").waitFor();
      for (const other of others) other.close();
      await page.locator(".row >> text=only line").waitFor();
      await page.locator("#state.live").waitFor();
    });
  } finally {
    await browser.close();
  }
});
