/** The page of the live view in a browser, and the rows that are in view there. */

import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type LogTarget, ShmLogWriter } from "../../mod.ts";
import { LiveServer } from "../../src/cli/serve/server.ts";
import { complaintsOf, eventually, withPage } from "./browser.ts";
import { uniqueName } from "./runtime.ts";

/** A log to look at, of so many entries that a page does not show them all. */
export function makeLog(name: string = uniqueName("page")): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 65536, chunkCount: 8 });
}

/** Entry `n` of such a log: each tenth is an error. */
export const line = (n: number): string =>
  JSON.stringify({ level: n % 10 === 0 ? 50 : 30, time: 1_700_000_000_000 + n, msg: `line ${n}` });

/** A server with a page open; at the end nobody may have complained, but of what is `expected`. */
export async function withLivePage(
  targets: LogTarget[],
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions & {
    mostEntries?: number;
    initScript?: string;
    expected?: RegExp;
  } = {},
): Promise<void> {
  const { mostEntries = 10_000, initScript, expected } = options;
  const server = await LiveServer.start({ targets, host: "127.0.0.1", port: 0, mostEntries });
  try {
    await withPage(async (page) => {
      const complaints = complaintsOf(page);
      if (initScript !== undefined) await page.addInitScript(initScript);
      await page.goto(server.url);
      await use(page);
      assert.deepEqual(complaints.filter((one) => expected?.test(one) !== true), []);
    }, options);
  } finally {
    await server.close();
  }
}

/** The texts of the rows in view, in their order. */
export function rows(page: Page): Promise<string[]> {
  return page.locator(".row:visible:not(.remark)").evaluateAll((elements) =>
    elements.map((element) => ({
      place: Number(element.id.slice(4)),
      text: element.querySelector(".text")?.textContent ?? "",
    })).sort((a, b) => a.place - b.place).map(({ text }) => text)
  );
}

/** Waits until the texts in view are such. */
export function until(page: Page, condition: (texts: string[]) => boolean): Promise<string[]> {
  return eventually(page, () => rows(page), condition);
}
