/** `ouroboros export --html`: a page with its entries, which needs no server. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { Reader, ShmLogWriter } from "../../mod.ts";
import { complaintsOf, withoutBrowser, withPage } from "../support/browser.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { sameOnAll } from "../support/runtime.ts";
import { makeLog, withServer } from "../support/serve.ts";

const folder = testFolder("report");
const path = `${folder}/report.html`;

const HOSTILE = [
  "</script><script>window.hacked = 1</script>",
  "<img src=x onerror='window.hacked = 1'>",
  '"><svg onload=window.hacked=1>',
  "<!--<script>",
  "]]>\u2028\u2029\u0000\u001b]0;x\u0007",
  '{"level":50,"time":1700000000000,"msg":"</script><b>x</b>","</style>":"<script>"}',
  '{"level":"javascript:hacked=1","time":"<i>","msg":{"a":1},"logger":"</title>"}',
  "$& $1 $` $'",
];

function exported(names: readonly string[], ...more: string[]): string {
  const { code, stderr } = runCli(["export", ...names, "--html", path, "--force", ...more]);
  assert.equal(code, 0, stderr);
  return readFileSync(path, "utf8");
}

/** The log in a report. */
function logIn(html: string): ArrayBuffer {
  const [, base64] = /<script type="application\/gzip"[^>]*>([\w+/=]*)<\/script>/.exec(html) ?? [];
  return Uint8Array.from(gunzipSync(Buffer.from(base64, "base64"))).buffer;
}

const textsIn = (html: string) =>
  [...new Reader(logIn(html), { strategy: "oldest" })]
    .map(({ text }) => text);

test(
  "a report has the entries, and nothing of them is a part of the page",
  { skip: sameOnAll },
  () => {
    using log = makeLog();
    log.writeMany(HOSTILE);
    const html = exported([log.name]);
    assert.deepEqual(textsIn(html), HOSTILE);
    // Not assert.doesNotMatch(): a message with all of it would be no help.
    assert.ok(!/window\.hacked|<img/.test(html));
    assert.equal(html.split("</script>").length, 3);
    assert.match(html, new RegExp(`<title>${log.name} · ouroboros</title>`));
    assert.match(html, new RegExp(`data-name="${log.name}"`));
  },
);

test("a report forbids all but its own script and style", { skip: sameOnAll }, () => {
  using log = makeLog();
  log.write("x");
  const html = exported([log.name]);
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html)!;
  const sha = (text: string) => createHash("sha256").update(text).digest("base64");
  const [, style] = /<style>(.*?)<\/style>/s.exec(html)!;
  const [, script] = /<script type="module">(.*?)<\/script>/s.exec(html)!;
  assert.deepEqual(policy.replaceAll("&#39;", "'").split("; "), [
    "default-src 'none'",
    `script-src 'sha256-${sha(script)}'`,
    `style-src 'sha256-${sha(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  assert.ok(html.indexOf(policy) < html.indexOf("<style>"));
  assert.ok(!/\/\*(STYLE|SCRIPT|REPORT)\*\//.test(html));
});

test("the file is not replaced without --force, nor left when nothing can be read", {
  skip: sameOnAll,
}, () => {
  using log = makeLog();
  log.write("x");
  writeFileSync(path, "mine");
  const kept = runCli(["export", log.name, "--html", path]);
  assert.deepEqual([kept.code, readFileSync(path, "utf8")], [1, "mine"]);
  // Before anything is read: no count comes before it.
  assert.match(kept.stderr, /^ouroboros: file .* exists already: use --force to replace it\n$/);
  const none = runCli(["export", `${log.name}-none`, "--html", `${folder}/none.html`]);
  assert.equal(none.code, 1);
  assert.equal(statSync(`${folder}/none.html`, { throwIfNoEntry: false }), undefined);
  assert.equal(runCli(["export", log.name]).code, 2);
});

test("--where, --level, --since, --until and --last choose, as with the other commands", {
  skip: sameOnAll,
}, () => {
  using log = makeLog();
  for (let n = 0; n < 100; n++) {
    log.write(`{"level":${n % 10 ? 30 : 50},"time":${1.7e12 + 1000 * n},"n":${n}}`);
  }
  const numbers = (...args: string[]) =>
    textsIn(exported([log.name], ...args)).map((text) => JSON.parse(text).n);
  assert.deepEqual(numbers("--where", "n:>=98"), [98, 99]);
  assert.deepEqual(numbers("-p", "error", "--last", "25s"), [80, 90]);
  assert.deepEqual(numbers("--since", "@1700000098"), [98, 99]);
  assert.deepEqual(numbers("--until", "@1700000001"), [0, 1]);
  const { stdout, code } = runCli(["export", log.name, "--html", "-", "--where", "n:5"]);
  assert.deepEqual([code, textsIn(stdout).length], [0, 1]);
});

async function opened(url: string, use: (page: Page) => Promise<void>): Promise<void> {
  await withPage(async (page) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url().replace(/#.*$/, "")));
    const complaints = complaintsOf(page);
    await page.goto(url);
    await use(page);
    assert.deepEqual(complaints, []);
    if (url.startsWith("file:")) assert.deepEqual(new Set(asked), new Set([url.split("#")[0]]));
  });
}

const url = pathToFileURL(path).href;
/** Waits until the line at the bottom says so, and the rows that it speaks of are drawn: with the next frame. */
async function showing(page: Page, text: string): Promise<void> {
  await page.locator("#showing", { hasText: text }).waitFor();
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve()))");
}
const isHacked = (page: Page) => page.evaluate("typeof window.hacked");

/** What a service writes in 1000 seconds. */
function writeService(log: ShmLogWriter, count: number): void {
  for (let n = 0; n < count; n++) {
    const time = 1.7e12 + Math.floor(n * 1e6 / count);
    if (n % 1000 === 0) {
      log.write(
        `{"time":"${new Date(time).toISOString()}","level":"debug","logger":"ouroboros.vitals",` +
          `"msg":"","cpuPercent":${n % 90},"rss":${8e7 + n}}`,
      );
      continue;
    }
    const id = Math.floor(n * 2654435761 % 2 ** 32).toString(36);
    log.write(JSON.stringify({
      level: n % 97 === 0 ? 50 : 30,
      time,
      pid: 4711,
      hostname: "web-1",
      reqId: id,
      req: { method: n % 5 ? "GET" : "POST", url: `/items/${n % 1000}?token=${id}${n}` },
      res: { statusCode: n % 97 === 0 ? 502 : 200 },
      responseTime: n % 971,
      msg: n % 97 === 0 ? "payment failed" : "request completed",
    }));
  }
}

test(
  "100,000 entries are less than 10 MB, and a browser searches them from the disk",
  { skip: withoutBrowser },
  async () => {
    using log = ShmLogWriter.create(`/report-${process.pid}`, {
      size: "64MiB",
      ifExists: "replace",
      unlinkOnClose: true,
    });
    writeService(log, 100_000);
    exported([log.name]);
    assert.ok(statSync(path).size < 10e6, String(statSync(path).size));
    await opened(url, async (page) => {
      await showing(page, "all 100,000 entries");
      await page.locator("#timeline-note", {
        // With the day, wherever the browser is.
        hasText: /^2023-11-1[45] \d\d:\d\d:\d\d – .*\d\d:\d\d:\d\d · 100,000 entries/,
      }).waitFor();
      assert.equal(await page.locator("#vitals figure").count(), 2);
      assert.equal(await page.locator(".rates").isVisible(), false);
      assert.equal(await page.locator("#state").textContent(), "saved");
      await page.locator("#search").fill("res.statusCode:>=500 AND -nothing");
      await page.keyboard.press("Enter");
      await showing(page, "1,029 of 100,000 entries");
      await page.locator("#timeline-note", { hasText: "1,029 entries" }).waitFor();
      await page.locator("#search").fill("(");
      await page.locator("#mistake").waitFor();
      await page.locator("#search").fill("");
      await page.keyboard.press("Enter");
      await showing(page, "all 100,000 entries");
      await page.locator("#level").selectOption("error");
      await showing(page, "1,029 of 100,000 entries");
      await page.locator("#level").selectOption("");
      await showing(page, "all 100,000 entries");
      // All of it can be scrolled to.
      await page.locator("#list").focus();
      await page.keyboard.press("Home");
      await page.locator(".row:visible .number", { hasText: /^2$/ }).waitFor();
      const box = (await page.locator("#timeline .u-over").boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.4, box.y + 5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 5, { steps: 3 });
      await page.mouse.up();
      await page.locator("#span-clear").waitFor();
      await showing(page, " of 100,000 entries");
      await page.locator("#span-clear").click();
      await showing(page, "all 100,000 entries");
    });
    await opened(`${url}#log=${encodeURIComponent(log.name)}&seq=50002`, async (page) => {
      await page.locator("#detail-title", { hasText: "Entry 50,002" }).waitFor();
      await page.locator(".row[aria-selected=true] .number", { hasText: "50002" }).waitFor();
      await page.keyboard.press("ArrowDown");
      await page.locator("#detail-title", { hasText: "Entry 50,003" }).waitFor();
      assert.match(page.url(), /#log=%2Freport-\d+&seq=50003$/);
    });
  },
);

test(
  "a report of several hostile logs shows them, each and together, and obeys none",
  { skip: withoutBrowser },
  async () => {
    using one = makeLog();
    using other = makeLog();
    one.writeMany(HOSTILE);
    other.writeMany(["1", "2", ...HOSTILE]);
    exported([one.name, other.name]);
    await opened(url, async (page) => {
      await showing(page, "all 18 entries");
      assert.equal(await page.locator("#logs button").count(), 3);
      assert.equal(await page.locator(".row:visible").count(), 18);
      await page.locator(".row .message", { hasText: "window.hacked" }).first().click();
      await page.locator("#detail-text", { hasText: "<" }).waitFor();
      await page.locator("#logs button", { hasText: one.name }).click();
      await showing(page, "8 of 18 entries");
      await page.locator("#logs button", { hasText: other.name }).click();
      await showing(page, "10 of 18 entries");
      assert.equal(await page.locator("#list :is(b, img, svg, script, style)").count(), 0);
      assert.equal(await isHacked(page), "undefined");
    });
  },
);

test(
  "a report lists what ended, and each of these leads to its entry",
  { skip: withoutBrowser },
  async () => {
    using one = makeLog();
    using other = makeLog();
    const time = 1.7e12;
    const entry = (at: number, logger: string, level: string, msg: string) =>
      JSON.stringify({ time: new Date(time + at).toISOString(), level, logger, msg });
    one.write(entry(0, "ouroboros.run", "error", "node exited with 1 <img src=x>"));
    other.write(entry(1, "ouroboros.watch", "error", "dead: /other"));
    other.write(entry(2, "ouroboros.vitals", "info", "no end"));
    for (let n = 3; n < 500; n++) other.write(entry(n, "app", "error", "ouroboros.run failed"));
    exported([one.name, other.name]);
    await opened(url, async (page) => {
      await page.locator(".row:visible .number", { hasText: /^500$/ }).waitFor();
      const endings = page.locator("#endings button");
      await endings.nth(1).waitFor();
      assert.deepEqual(await page.locator("#endings .message").allTextContents(), [
        "node exited with 1 <img src=x>",
        "dead: /other",
      ]);
      await page.locator("#search").fill("app");
      await page.keyboard.press("Enter");
      await showing(page, "497 of 500 entries");
      await endings.first().click();
      await page.locator("#detail-title", { hasText: /^Entry 1\b/ }).waitFor();
      await page.locator(".row[aria-selected=true] .number", { hasText: /^1$/ }).waitFor();
      await showing(page, "all 500 entries");
      assert.equal(await page.locator("#search").inputValue(), "");
      await page.setViewportSize({ width: 1280, height: 800 });
      if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
    });
    exported([other.name], "--where", "logger:app");
    await opened(url, async (page) => {
      await showing(page, "all 497 entries");
      assert.equal(await page.locator("#ended").isVisible(), false);
    });
  },
);

test(
  "a report of a file that was cut off says what is missing, and so does its page",
  { skip: withoutBrowser },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 5000; n++) log.write(`entry ${n}`.padEnd(50));
    const saved = `${folder}/whole.log`;
    assert.equal(runCli(["save", log.name, saved, "--force"]).code, 0);
    assert.doesNotMatch(exported([saved]).slice(-1_000_000), / data-missing=/);
    const part = `${folder}/part.log`;
    writeFileSync(part, readFileSync(saved).subarray(0, 100_000));
    assert.match(exported([part]), / data-missing="it is cut off after 100000 bytes: entries /);
    if (withoutBrowser) return;
    const missing = /^it is cut off after 100000 bytes: entries \d+ to \d+ are missing, and all/;
    const look = async (page: Page) => {
      await page.locator("#loss", { hasText: missing }).waitFor();
      assert.equal(await page.locator("#state").textContent(), "cut off");
    };
    await opened(url, look);
    await withServer([{ path: part }], (server) =>
      withPage(async (page) => {
        await page.goto(server.url);
        await look(page);
      }));
  },
);

test(
  "a saved log or a recording that is dropped on the page of serve, or of a report, is opened",
  { skip: withoutBrowser },
  async () => {
    using log = makeLog();
    log.writeMany(["first", "second", "third"]);
    const saved = `${folder}/<img src=x onerror=window.hacked=1>.log`;
    assert.equal(runCli(["save", log.name, saved, "--force"]).code, 0);
    const text = `${folder}/lines.txt`;
    writeFileSync(text, "a\nb\n");
    exported([log.name]);
    const use = async (page: Page) => {
      await page.locator(".row:visible .message", { hasText: "third" }).waitFor();
      const transfer = await page.evaluateHandle(
        `(() => { const t = new DataTransfer(); t.items.add(new File(["x\\ny"], "dropped.txt"));
          t.items.add(new File(["\\0"], "no.bin")); return t; })()`,
      );
      await page.locator("#list").dispatchEvent("drop", { dataTransfer: transfer });
      await showing(page, "all 2 entries");
      await page.locator("#failures", { hasText: "no.bin: it is neither a log nor text" })
        .waitFor();
      assert.deepEqual(await page.locator(".row:visible .message").allTextContents(), ["x", "y"]);
      await page.locator("#open-file").setInputFiles([saved, text]);
      await showing(page, "all 3 entries");
      assert.equal(await page.locator("#logs button").count(), 2);
      await page.locator("#logs button", { hasText: "lines.txt" }).click();
      await showing(page, "all 2 entries");
      assert.equal(await page.locator("#failures").textContent(), "");
      assert.equal(await isHacked(page), "undefined");
    };
    await opened(url, use);
    await withServer([log.name], ({ url }) => opened(url, use));
  },
);
