/** Links to entries, and what the page shows as a command. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import test from "node:test";
import type { Page } from "playwright-core";
import { hashOf, linkOf } from "../../src/cli/serve/page/linked_entry.ts";
import { commandFor, quoted } from "../../src/cli/serve/page/shell_command.ts";
import { complaintsOf, pressUntilSaid, withoutBrowser, withPage } from "../support/browser.ts";
import { runCli } from "../support/cli.ts";
import { makeLog, withServer } from "../support/serve.ts";
import { sameOnAll } from "../support/runtime.ts";

const HOSTILE = [
  "a b",
  "it's",
  "$(touch /tmp/x) `id` $HOME",
  "a\nb\tc",
  "\x1b]0;x\x07\x03",
  "\u202eabc\u200b",
  "\x019",
  "é'ü\n\"\\x41\\",
  "",
  "!!",
  "a;b|c&d>e<f*?[x]~#",
];

function shell(name: string): string | false {
  return spawnSync(name, ["-c", "true"]).status === 0 ? false : `no ${name}`;
}

test("words are to a shell what they are, whatever is in them", {
  skip: shell("bash") || sameOnAll,
}, () => {
  for (const word of HOSTILE) {
    const { stdout } = spawnSync("bash", ["-c", `printf '%s' ${quoted(word)}`], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
    });
    assert.equal(stdout, word, quoted(word));
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(quoted(word), /[\x00-\x1f\x7f-\x9f\u200b\u202e]/);
  }
});

test(
  "what a page shows is a command that prints it",
  { skip: shell("sh") || sameOnAll },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 30; n++) {
      const level = n % 10 === 0 ? 50 : 30;
      log.write(JSON.stringify({ level, time: 1.7e12 + n, msg: `it's "${n}"`, status: 400 + n }));
    }
    const span = { from: 1.7e12 + 15, to: 1.7e12 + 25 };
    const where = `"it's \\"2" status:>=420`;
    const command = commandFor({ log: log.name, where, level: "error", span });
    assert.match(
      command,
      /^ouroboros tail --all --since 2023-11-14T\S+Z --until \S+ -p error '--where=/,
    );
    const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" });
    const [name, ...args] = stdout.split("\0").slice(0, -1);
    assert.equal(name, "ouroboros");
    const printed = await runCli(args);
    assert.deepEqual([printed.code, printed.stderr], [0, ""]);
    assert.deepEqual(printed.stdout.trim().split("\n").map((text) => JSON.parse(text).status), [
      420,
    ]);
    assert.equal(
      commandFor({ log: "/app.{slot}", where: "", level: "" }),
      "ouroboros tail -f -n 1000 '/app.*'",
    );
  },
);

test("a link has the log and the number of an entry", () => {
  for (const log of ["/app", "./a b&c=#.log", "/app.{slot}"]) {
    const link = { log, seq: 12, segment: "1-2-3" };
    assert.deepEqual(linkOf(hashOf(link)), link);
  }
  assert.deepEqual(linkOf("#log=/app&seq=7"), { log: "/app", seq: 7, segment: "" });
  for (const hash of ["", "#", "#log=/app", "#log=/app&seq=0", "#log=/app&seq=x", "#seq=1"]) {
    assert.equal(linkOf(hash), undefined, hash);
  }
});

async function withLink(
  hash: (name: string) => string,
  use: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  using other = makeLog();
  using log = makeLog();
  other.write("other");
  for (let n = 1; n <= 20_000; n++) log.write(`line ${n} of the log`);
  await withServer([other.name, log.name], ({ url }) =>
    withPage(async (page) => {
      const complaints = complaintsOf(page);
      await page.goto(`${url}${hash(log.name)}`);
      await use(page, log.name);
      assert.deepEqual(complaints, []);
    }, { permissions: ["clipboard-read", "clipboard-write"] }));
}

const message = (page: Page, text: string) =>
  page.locator(`.row:visible .message >> text="${text}"`);

test(
  "a link opens its log at its entry, and Resume shows what comes",
  { skip: withoutBrowser },
  () =>
    withLink((name) => `#log=${name}&seq=19500`, async (page, name) => {
      await message(page, "line 19500 of the log").waitFor();
      // What the stream says comes before or after the entries, which are asked for beside it.
      await page.locator("#state.live").waitFor();
      assert.equal(await page.locator("#log-name").textContent(), name);
      assert.equal(await page.locator("#detail-title").textContent(), "Entry 19,500");
      await page.locator(".row[aria-selected=true] .number >> text=19500").waitFor();
      await page.locator("#pause[aria-pressed=true]").waitFor();
      await page.keyboard.press("ArrowDown");
      await page.locator("#detail-title >> text=Entry 19,501").waitFor();
      await pressUntilSaid(page, "#copy-link", "Copied");
      const link = await page.evaluate("navigator.clipboard.readText()");
      assert.match(String(link), /\?token=[\w-]+#log=%2F\S+&seq=19501&segment=[\d-]+$/);
      await page.goto(String(link).replace("19501", "19400"));
      await message(page, "line 19400 of the log").waitFor();
      await page.locator("#pause").click();
      await message(page, "line 20000 of the log").waitFor();
      assert.equal(await page.evaluate("location.hash"), "");
      await pressUntilSaid(page, "#copy-command", "Copied");
      const command = await page.evaluate("navigator.clipboard.readText()");
      assert.equal(command, `ouroboros tail -f -n 1000 ${name}`);
    }),
);

test("a link to an entry that is gone, to come, or of another log says so", {
  skip: withoutBrowser,
}, async () => {
  await withLink((name) => `#log=${name}&seq=5`, async (page) => {
    await page.locator(".remark >> text=entry 5 is not kept any more: the log has").waitFor();
  });
  await withLink((name) => `#log=${name}&seq=30000`, async (page) => {
    await page.locator(".remark >> text=entry 30,000 is not written yet: the log has").waitFor();
    await message(page, "line 19801 of the log").waitFor();
  });
  await withLink((name) => `#log=${name}&seq=19000&segment=1-2-3`, async (page) => {
    await page.locator(".remark >> text=entry 19,000 was in another log of this name").waitFor();
    assert.equal(await page.locator(".row:visible:not(.remark)").count(), 0);
  });
  await withLink(() => "#log=/no-such-log&seq=1", async (page) => {
    await page.locator('.remark >> text=there is no log "/no-such-log"').waitFor();
  }).catch((error) => {
    // Chromium reports the status 404 of the answer.
    assert.match(String(error), /404/);
  });
});
