/** A browser to look at pages with: Chromium, where it is installed. */

import { existsSync } from "node:fs";
import process from "node:process";
import type { Browser, Page } from "playwright-core";
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
  : chromium === undefined
  ? "no Chromium: apt-get install -y chromium, or CHROMIUM=path"
  : false;

/** Starts it. */
export async function launchBrowser(): Promise<Browser> {
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
