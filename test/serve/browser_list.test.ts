/** The list of the page, in a browser: how it is scrolled, paused, and used by keys. */

import assert from "node:assert/strict";
import test from "node:test";
import type { Page } from "playwright-core";
import { eventually, withoutBrowser } from "../support/browser.ts";
import { line, makeLog, rows, until, withLivePage } from "../support/live_page.ts";

const skip = withoutBrowser;

/** Makes the list smaller, and scrolls it, or pauses, after it knows that and before it is drawn. */
async function makeSmaller(page: Page, meanwhile: "scroll" | "pause"): Promise<void> {
  await page.locator("#list").evaluate(
    (list: HTMLElement, meanwhile) =>
      new Promise<void>((resolve) => {
        const height = list.clientHeight;
        new ResizeObserver((_, observer) => {
          if (list.clientHeight === height) return;
          observer.disconnect();
          if (meanwhile === "scroll") list.scrollTop -= 500;
          else document.getElementById("pause")!.click();
          resolve();
        }).observe(list);
        list.style.maxHeight = `${height - 80}px`;
      }),
    meanwhile,
  );
}

test("the page pauses, and catches up", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 100");
    await page.keyboard.press(" ");
    await page.locator("#pause[aria-pressed=true]").waitFor();
    for (let n = 101; n <= 300; n++) log.write(line(n));
    await page.locator("#pause >> text=200 new").waitFor();
    // Charts may have come meanwhile, and made the list smaller.
    await until(page, (texts) => texts.at(-1) === "line 100");
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

test("a list at its end is left by scrolling slowly, and entered again", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 100");
    const pressed = () => page.locator("#pause").getAttribute("aria-pressed");
    // Less than a row with each frame, as a trackpad does.
    const scroll = async (pixels: number) => {
      await page.mouse.wheel(0, pixels);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
      return pressed();
    };
    await page.mouse.move(700, 600);
    await eventually(page, () => scroll(-10), (value) => value === "true");
    await eventually(page, () => scroll(10), (value) => value === "false");
    log.write(line(101));
    await until(page, (texts) => texts.at(-1) === "line 101");
  });
});

test("scrolling away from the end counts also while the list gets another size", {
  skip,
}, async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.at(-1) === "line 100");
    await makeSmaller(page, "scroll");
    await page.locator("#pause[aria-pressed=true]").waitFor();
    const texts = await until(page, (texts) => texts.length > 0);
    assert.notEqual(texts.at(-1), "line 100");
  });
});

test("rows have room with the first frame, before the browser reports any size", {
  skip,
}, async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  const initScript = "ResizeObserver = class { observe() {} disconnect() {} };";
  await withLivePage([log.name], async (page) => {
    await until(page, (texts) => texts.length > 10);
  }, { initScript });
});

test(
  "a list that gets smaller at its end stays there, and has not been scrolled",
  { skip },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 100; n++) log.write(line(n));
    await withLivePage([log.name], async (page) => {
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
      // So it does if it is paused when it has got smaller, and was not drawn since.
      await page.keyboard.press(" ");
      await eventually(page, pressed, (value) => value === "false");
      await makeSmaller(page, "pause");
      assert.equal(await pressed(), "true");
      await eventually(page, below, (pixels) => pixels < 2);
    });
  },
);

test("a page out of sight asks for nothing, and catches up when it is back", { skip }, async () => {
  using log = makeLog();
  log.write(line(1));
  await withLivePage([log.name], async (page) => {
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

test("the page is used by keys alone, and shows all of an entry", { skip }, async () => {
  using log = makeLog();
  for (let n = 1; n <= 50; n++) log.write(line(n));
  await withLivePage([log.name], async (page) => {
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

test(
  "what was scrolled before somebody goes to the end does not stop the list there",
  { skip },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 500; n++) log.write(line(n));
    await withLivePage([log.name], async (page) => {
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
