/** The page of the live view, in a browser: what it shows of entries. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { pressUntilSaid, withoutBrowser } from "../support/browser.ts";
import { assertHarmless, hostileEntries, hostileNames } from "../support/hostile_text.ts";
import { line, makeLog, rows, until, withLivePage } from "../support/live_page.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = withoutBrowser;

test("the page shows what is there and what comes, and stays at its end", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 500; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
    const texts = await until(page, (texts) => texts.at(-1) === "line 500");
    assert.ok(texts.length > 15 && texts.length < 60, `${texts.length} rows in the document`);
    for (let n = 501; n <= 2000; n++) log.write(line(n));
    await until(page, (texts) => texts.at(-1) === "line 2000");
    assert.equal(await page.locator("#log-name").textContent(), log.name);
    await page.locator("#facts >> text=2,000").first().waitFor();
    await page.locator("#state.live").waitFor();
    assert.match(await page.title(), new RegExp(log.name));
    const error = page.locator(".row.error").first();
    assert.equal(await error.locator(".level").textContent(), "error");
    assert.match(
      await error.locator(".time").textContent() ?? "",
      /^2023-11-1\d \d\d:\d\d:\d\d\.\d{3}$/,
    );
  });
});

const vitals = (at: number, more: object) =>
  JSON.stringify({
    time: new Date(1_700_000_000_000 + at).toISOString(),
    level: "debug",
    logger: "ouroboros.vitals",
    msg: "cpu",
    ...more,
  });

test("vitals are charts, and no rows unless they are searched for", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 60; n++) {
    log.write(vitals(n * 1000, { cpuPercent: n, rss: n << 20, loopDelayMs: { max: 1.5 } }));
  }
  for (let n = 0; n < 60; n++) log.write("a line");
  await withLivePage([log.name], async (page) => {
    const charts = page.locator("#vitals figure");
    await charts.first().waitFor();
    const texts = await until(page, (texts) => texts.length > 0);
    assert.deepEqual([...new Set(texts)], ["a line"]);
    const said = async () => (await charts.locator("figcaption").allTextContents()).join(", ");
    // What the runtime did not know is missing.
    assert.equal(await said(), "CPU60 %, Loop late1.5 ms, Memory60 MiB");
    // The list has shrunk, which is not scrolling.
    assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "false");
    log.write(vitals(61_000, { cpuPercent: 61.5, rss: 61 << 20, gc: { ms: 12 } }));
    await page.locator("#vitals >> text=61.5 %").waitFor();
    assert.equal(await said(), "CPU61.5 %, Loop late1.5 ms, Memory61 MiB, GC12 ms");
    // Something is drawn.
    const ink = await charts.first().locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d")!.getImageData(0, 0, width, height).data;
      return pixels.filter((_, i) => i % 4 === 3).filter((alpha) => alpha > 0).length;
    });
    assert.ok(ink > 100, `${ink} pixels`);
    await page.locator("#search").fill("ouroboros.vitals");
    await until(page, (texts) => texts.length > 5 && texts.every((text) => text.includes("cpu")));
  });
});

test("the page searches all that is in the log, and filters by level", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 3000; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 3000");
    await page.keyboard.press("/");
    await page.keyboard.type('"LINE 77"');
    const found = await until(page, (texts) => texts.length > 0 && texts[0] === "line 77");
    assert.ok(found.includes("line 770"));
    assert.ok(await page.locator("mark >> text=77").count() > 0);
    log.writeMany([line(9), "another line 77"]);
    await until(page, (texts) => texts.at(-1) === "another line 77");
    await page.locator("#search").fill("");
    await page.locator("#level").selectOption("error");
    const errors = await until(page, (texts) => texts.at(-1) === "line 3000");
    assert.ok(errors.every((text) => text.endsWith("0")));
    await page.locator("#search").fill("no such thing");
    await page.locator("#nothing >> text=Nothing matches").waitFor();
  });
});

test("a copy that is not allowed is reported: an address of this network has no clipboard", {
  skip,
}, async () => {
  using log = makeLog();
  log.write(line(1));
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.length === 1);
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await pressUntilSaid(page, "#copy", "Not allowed");
  });
});

test("text of entries is text, whatever it says", { skip }, async () => {
  using log = makeLog();
  const hostile = `<img src=x onerror="document.title='owned'"><script>document.title=1</script>`;
  log.writeMany([
    hostile,
    JSON.stringify({ level: 30, time: 1_700_000_000_000, msg: hostile, __proto__: 1, a: hostile }),
    '{"level":30,"time":1700000000000,"msg":"x","__proto__":{"polluted":true}}',
    "\x1b[2J\u202egnirts",
    new Uint8Array([0xff, 0, 10, 13]),
    "x".repeat(30_000),
  ]);
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.length === 6);
    assert.equal((await rows(page))[0], hostile);
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
    }
    assert.equal(await page.locator("#detail-text").textContent(), hostile);
    assert.equal(await page.locator("img, #list script, #detail script").count(), 0);
    assert.notEqual(await page.title(), "owned");
    assert.equal(await page.evaluate("({}).polluted"), undefined);
  });
});

test("of more than its rate the page shows a sample, and says so", { skip }, async () => {
  using log = makeLog();
  await withLivePage([log.name], async (page) => {
    await page.locator("#state.live").waitFor();
    const start = performance.now();
    // 5000 a second by the clock, however late timers are.
    const timer = setInterval(() => {
      const due = 5 * (performance.now() - start);
      while (log.totalEntriesWritten < due) log.write(line(log.totalEntriesWritten + 1));
    }, 20);
    try {
      const sampled = page.locator("#showing.sampled");
      await sampled.filter({ hasText: /showing [\d,]+ of [\d,.]+K?\/s/ }).waitFor();
      await page.locator("#rate-entries").filter({ hasText: /^[1-9],\d{3}$/ }).waitFor();
    } finally {
      clearInterval(timer);
    }
  }, { mostEntries: 500 });
});

test("on a phone the logs and the ring are in a drawer", { skip }, async () => {
  using one = makeLog();
  using other = makeLog();
  one.write("of one");
  other.write("of the other");
  await withLivePage([one.name, other.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "of one");
    assert.equal(await page.locator("#panel").isVisible(), false);
    await page.locator("#panel-button").tap();
    await page.locator("#logs button").nth(1).tap();
    await until(page, (texts) => texts.at(-1) === "of the other");
    assert.equal(await page.locator("#panel").isVisible(), false);
    const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    assert.equal(wide, false, "nothing is wider than the screen");
    await page.locator("#pause").tap();
    await page.locator("#pause[aria-pressed=true]").waitFor();
  }, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
});

test("nothing that strangers write harms the page, nor hides in it", { skip }, async () => {
  const logs = hostileNames.map((name) => makeLog(`${uniqueName("page")}${name}`));
  const log = ShmLogWriter.create(uniqueName("page"), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
  try {
    log.writeMany(hostileEntries.map(({ bytes }) => bytes));
    log.write("the end");
    await withLivePage([log.name, ...logs.map(({ name }) => name)], async (page) => {
      await until(page, (texts) => texts.at(-1) === "the end");
      // Those that were seen on the way up, and each as a whole.
      await page.locator("#list").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      for (const { what } of hostileEntries) {
        const shown = await page.locator("#detail-text").textContent() ?? "";
        assertHarmless(shown, `${what}, as a whole`, false);
        for (const text of await rows(page)) assertHarmless(text, what, false);
        const title = await page.locator("#detail-title").textContent();
        await page.keyboard.press("ArrowDown");
        await page.waitForFunction(
          (before) => document.getElementById("detail-title")?.textContent !== before,
          title,
        );
      }
      assert.equal(await page.locator("#detail-text").textContent(), "the end");
      for (const name of await page.locator("#logs .name").allTextContents()) {
        assertHarmless(name, name, false);
      }
      await page.locator("#logs button").nth(2).click();
      await page.locator("#state.live").waitFor();
      assertHarmless(await page.title(), "the title", false);
      assertHarmless(await page.locator("#log-name").textContent() ?? "", "the name", false);
      assert.doesNotMatch(await page.title(), /^owned/);
      assert.equal(await page.locator("#rows img, #detail img, #logs img").count(), 0);
    });
  } finally {
    for (const one of [log, ...logs]) one.close();
  }
});
