/// <reference lib="dom" />
/** A browser to look at pages with: Chromium, where it is installed. */

import { existsSync } from "node:fs";
import process from "node:process";
import { after } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { isQemu } from "./platform.ts";
import { thisRuntime } from "./runtime.ts";

const PLACES = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where it is. */
export const chromium: string | undefined = PLACES.find((path) => path !== "" && existsSync(path));

/** Why there can be no browser here; false if there can. */
export const withoutBrowser: string | false = thisRuntime.name !== "node26"
  ? "the browser is driven by Node 26 alone"
  : isQemu
  ? "its driver is not installed for qemu"
  : chromium === undefined
  ? "no Chromium: apt-get install -y chromium, or CHROMIUM=path"
  : false;

/** How long something may take on a page, in milliseconds: what never comes must fail its test, not hang it. */
const PATIENCE = 60_000;

let browser: Promise<Browser> | undefined;
if (!withoutBrowser) after(async () => await (await browser)?.close());

/** Opens a page that knows nothing of others, in the one browser of all tests of this process. */
export async function withPage(
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  browser ??= launch();
  const viewport = { width: 1280, height: 800 };
  const context = await (await browser).newContext({ viewport, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await use(page);
  } finally {
    await context.close();
  }
}

/** Looks at a page until a condition is fulfilled. */
export async function eventually<T>(
  page: Page,
  look: () => Promise<T>,
  condition: (found: T) => boolean,
): Promise<T> {
  for (const end = performance.now() + PATIENCE;;) {
    const found = await look();
    if (condition(found)) return found;
    if (performance.now() > end) throw new Error(`in vain: ${JSON.stringify(found)}`);
    await page.waitForTimeout(20);
  }
}

/** Presses a button that says a word for a while: waits for that from before on. */
export async function pressUntilSaid(page: Page, button: string, word: string): Promise<void> {
  const saying = page.waitForFunction(
    ([button, word]) => document.querySelector(button)?.textContent === word,
    [button, word] as const,
  );
  await Promise.all([saying, page.locator(button).click()]);
}

async function launch(): Promise<Browser> {
  const playwright = await import("playwright-core");
  const args = ["--no-sandbox"];
  return playwright.chromium.launch({ executablePath: chromium, args, timeout: 120_000 });
}

/** What a page complains of: errors in the console, and what is thrown or forbidden. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}
