/** A page that waits for room at the server, or for its log; and one that shows not all. */

import assert from "node:assert/strict";
import test from "node:test";
import { withoutBrowser, withPage } from "../support/browser.ts";
import { EventClient, makeLog, newName, withServer } from "../support/serve.ts";

const skip = withoutBrowser;

test("a page too many says so, and comes in when another one goes", { skip }, async () => {
  using log = makeLog();
  log.write("only line");
  await withPage((page) =>
    withServer([log.name], async (server) => {
      const others = await Promise.all(
        Array.from({ length: 64 }, () => EventClient.open(server.url)),
      );
      await page.goto(server.url);
      await page.locator("#nothing >> text=No more than 64 pages may be open.").waitFor();
      for (const other of others) other.close();
      await page.locator(".row >> text=only line").waitFor();
      await page.locator("#state.live").waitFor();
    })
  );
});

test(
  "a page of a log that the server never saw shows it as soon as it is there",
  { skip },
  async () => {
    const name = newName();
    await withPage((page) =>
      withServer([], async (server) => {
        await page.goto(`${server.url}&log=${encodeURIComponent(name)}`);
        await page.locator("#state >> text=not there").waitFor();
        await page.locator("#nothing >> text=The log does not exist.").waitFor();
        using log = makeLog(name);
        log.write("first line");
        await page.locator(".row >> text=first line").waitFor();
        assert.equal(await page.locator("#log-name").textContent(), name);
      })
    );
  },
);

test("a click counts though another log comes before the button is let go", {
  skip,
}, async () => {
  const name = newName();
  using _one = makeLog(`${name}.b`);
  using two = makeLog(`${name}.d`);
  two.write("of the other");
  await withPage((page) =>
    withServer([`${name}.*`], async (server) => {
      await page.goto(server.url);
      const buttons = page.locator("#logs button");
      const box = (await buttons.nth(1).boundingBox())!;
      await page.mouse.move(box.x + 5, box.y + 5);
      await page.mouse.down();
      using _before = makeLog(`${name}.a`);
      using _between = makeLog(`${name}.c`);
      await buttons.nth(3).waitFor();
      const names = await buttons.evaluateAll((all) => all.map(({ dataset }) => dataset.name));
      assert.deepEqual(names, ["a", "b", "c", "d"].map((end) => `${name}.${end}`));
      // It has moved meanwhile.
      const moved = (await buttons.nth(3).boundingBox())!;
      await page.mouse.move(moved.x + 5, moved.y + 5);
      await page.mouse.up();
      await page.locator(".row >> text=of the other").waitFor();
    })
  );
});

test("Home leads to the first entry, also below the remark that there are older ones", {
  skip,
}, async () => {
  using log = makeLog();
  for (let n = 1; n <= 1500; n++) log.write(`line ${n}`);
  await withPage((page) =>
    withServer([log.name], async (server) => {
      await page.goto(server.url);
      await page.locator(".row >> text=line 1500").waitFor();
      await page.keyboard.press("Home");
      await page.locator(".row[aria-selected=true] >> text=line 501").waitFor();
    })
  );
});
