/** The page of the live view, in a browser. */

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type LogTarget, ShmLogWriter } from "../../mod.ts";
import { collectLogs } from "../../src/ship/collect.ts";
import { LiveServer } from "../../src/cli/serve/server.ts";
import {
  complaintsOf,
  eventually,
  withoutBrowser,
  withPage as withNewPage,
} from "../support/browser.ts";
import { assertHarmless, hostileEntries, hostileNames } from "../support/hostile_text.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = withoutBrowser;
function makeLog(name: string = uniqueName("page")): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 65536, chunkCount: 8 });
}

/** A server with a page open; at the end nobody may have complained. */
async function withPage(
  targets: LogTarget[],
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions & { mostEntries?: number } = {},
): Promise<void> {
  const { mostEntries = 10_000 } = options;
  const server = await LiveServer.start({ targets, host: "127.0.0.1", port: 0, mostEntries });
  try {
    await withNewPage(async (page) => {
      const complaints = complaintsOf(page);
      await page.goto(server.url);
      await use(page);
      assert.deepEqual(complaints, []);
    }, options);
  } finally {
    await server.close();
  }
}

/** The texts of the rows in view, in their order. */
function rows(page: Page): Promise<string[]> {
  return page.locator(".row:visible:not(.remark)").evaluateAll((elements) =>
    elements.map((element) => ({
      place: Number(element.id.slice(4)),
      text: element.querySelector(".text")?.textContent ?? "",
    })).sort((a, b) => a.place - b.place).map(({ text }) => text)
  );
}

function until(page: Page, condition: (texts: string[]) => boolean): Promise<string[]> {
  return eventually(page, () => rows(page), condition);
}

const line = (n: number) =>
  JSON.stringify({ level: n % 10 === 0 ? 50 : 30, time: 1_700_000_000_000 + n, msg: `line ${n}` });

test("the page shows what is there and what comes, and stays at its end", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 500; n++) log.write(line(n));
  await withPage([log.name], async (page) => {
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
  await withPage([log.name], async (page) => {
    const charts = page.locator("#vitals figure");
    await charts.first().waitFor();
    assert.deepEqual([...new Set(await rows(page))], ["a line"]);
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

test("the page pauses, and catches up", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  await withPage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 100");
    await page.keyboard.press(" ");
    await page.locator("#pause[aria-pressed=true]").waitFor();
    for (let n = 101; n <= 300; n++) log.write(line(n));
    await page.locator("#pause >> text=200 new").waitFor();
    assert.equal((await rows(page)).at(-1), "line 100");
    await page.keyboard.press(" ");
    const texts = await until(page, (texts) => texts.at(-1) === "line 300");
    assert.equal(texts.at(-2), "line 299", "nothing is left out");
    // Scrolling away from the end is a pause, scrolling back its end.
    await page.mouse.move(700, 500);
    await page.mouse.wheel(0, -2000);
    await page.locator("#pause[aria-pressed=true]").waitFor();
    log.write(line(301));
    await page.locator("#pause >> text=1 new").waitFor();
    await page.mouse.wheel(0, 5000);
    await until(page, (texts) => texts.at(-1) === "line 301");
  });
});

test(
  "a list that gets smaller at its end stays there, and has not been scrolled",
  { skip },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 100; n++) log.write(line(n));
    await withPage([log.name], async (page) => {
      await until(page, (texts) => texts.at(-1) === "line 100");
      const pressed = () => page.locator("#pause").getAttribute("aria-pressed");
      // The event of our own scrolling comes when the box is smaller, and no observer was called yet.
      await page.locator("#list").evaluate((list: HTMLElement) => {
        list.style.maxHeight = `${list.clientHeight - 80}px`;
        list.dispatchEvent(new Event("scroll"));
      });
      assert.equal(await pressed(), "false");
      log.write(line(101));
      await until(page, (texts) => texts.at(-1) === "line 101");
      // Paused at the end, it still shows the end.
      await page.keyboard.press(" ");
      await page.locator("#list").evaluate((list: HTMLElement) => {
        list.style.maxHeight = `${list.clientHeight - 80}px`;
      });
      const below = () =>
        page.locator("#list").evaluate((list: HTMLElement) =>
          list.scrollHeight - list.clientHeight - list.scrollTop
        );
      await eventually(page, below, (pixels) => pixels < 2);
      assert.equal(await pressed(), "true");
    });
  },
);

test("a page out of sight asks for nothing, and catches up when it is back", { skip }, async () => {
  using log = makeLog();
  log.write(line(1));
  await withPage([log.name], async (page) => {
    const turn = (isHidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
         document.dispatchEvent(new Event("visibilitychange"));`,
      );
    await until(page, (texts) => texts.at(-1) === "line 1");
    const closed = page.waitForEvent("requestfailed");
    await turn(true);
    await closed;
    log.write(line(2));
    await page.waitForTimeout(200);
    assert.equal((await rows(page)).at(-1), "line 1");
    await turn(false);
    assert.deepEqual(await until(page, (texts) => texts.at(-1) === "line 2"), ["line 1", "line 2"]);
  });
});

test("the page searches all that is in the log, and filters by level", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 3000; n++) log.write(line(n));
  await withPage([log.name], async (page) => {
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

test("the page is used by keys alone, and shows all of an entry", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 50; n++) log.write(line(n));
  await withPage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 50");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#detail-title").textContent(), "Entry 49");
    assert.deepEqual(
      JSON.parse(await page.locator("#detail-text").textContent() ?? ""),
      JSON.parse(line(49)),
    );
    // Rows are drawn with the next frame.
    await page.locator(".row[aria-selected=true] .message >> text=line 49").waitFor();
    await page.keyboard.press("Home");
    assert.equal(await page.locator("#detail-title").textContent(), "Entry 1");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#detail").isVisible(), false);
    await page.keyboard.press("End");
    await page.locator("#pause[aria-pressed=false]").waitFor();
    log.write(line(51));
    await until(page, (texts) => texts.at(-1) === "line 51");
  });
});

test("a copy that is not allowed is reported: an address of this network has no clipboard", {
  skip,
}, async () => {
  using log = makeLog();
  log.write(line(1));
  await withPage([log.name], async (page) => {
    await until(page, (texts) => texts.length === 1);
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.locator("#copy").click();
    await page.locator("#copy >> text=Not allowed").waitFor();
  });
});

test(
  "what was scrolled before somebody goes to the end does not stop the list there",
  { skip },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 500; n++) log.write(line(n));
    await withPage([log.name], async (page) => {
      await until(page, (texts) => texts.at(-1) === "line 500");
      // Both before the browser tells of the first one's scrolling.
      await page.evaluate(`for (const key of ["Home", "End"]) {
      document.dispatchEvent(new KeyboardEvent("keydown", { key }));
    }`);
      log.write(line(501));
      await until(page, (texts) => texts.at(-1) === "line 501");
      assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "false");
    });
  },
);

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
  await withPage([log.name], async (page) => {
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
  await withPage([log.name], async (page) => {
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

test("the page shows loss, and a log that goes and comes again", { skip }, async () => {
  const name = uniqueName("page");
  const first = makeLog(name);
  await withPage([name, uniqueName("page")], async (page) => {
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
  });
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
  await withPage([name], async (page) => {
    await page.locator("#state.live").waitFor();
    log.finish();
    await page.locator("#state", { hasText: "finished" }).waitFor();
    await page.locator("#facts", { hasText: "Writerfinished" }).waitFor();
    assert.deepEqual(await rows(page), ["line 1"]);
  });
});

test("the page says that a copy of logs is saved, not dead", { skip }, async () => {
  const [one, other] = [makeLog(), makeLog()];
  for (const log of [one, other]) log.write(line(1));
  const path = `${testFolder("page")}/copy.log`;
  await collectLogs([one.name, other.name], path);
  for (const log of [one, other]) log.close();
  await withPage([{ path }], async (page) => {
    await page.locator("#state", { hasText: /^saved$/ }).waitFor();
    await page.locator("#facts", { hasText: "Writersaved" }).waitFor();
    await page.locator("#logs .size", { hasText: /^saved · / }).waitFor();
  });
});

test("on a phone the logs and the ring are in a drawer", { skip }, async () => {
  using one = makeLog();
  using other = makeLog();
  one.write("of one");
  other.write("of the other");
  await withPage([one.name, other.name], async (page) => {
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
    await withPage([log.name, ...logs.map(({ name }) => name)], async (page) => {
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
    await withNewPage(async (page) => {
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
