/** The search of the page: what a question may continue with, and what is wrong with it. */

import assert from "node:assert/strict";
import test from "node:test";
import type { Page } from "playwright-core";
import { complete, quoted } from "../../src/cli/serve/page/completion.ts";
import { KnownFields } from "../../src/cli/serve/page/known_fields.ts";
import { parseQuestion } from "../../src/records/question/question.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import {
  complaintsOf,
  eventually,
  withoutBrowser,
  withPage as withNewPage,
} from "../support/browser.ts";
import { makeLog, withServer } from "../support/serve.ts";

const RECORDS: readonly object[] = [
  { req: { method: "GET", url: "/pay" }, status: 200, "odd name": "a b", user: "<img src=x>" },
  { req: { method: "POST", url: "/pay" }, status: 500, tags: ["x"], user: "AND" },
  { req: { method: "GET", url: "/list?a=1" }, status: 200, nothing: null },
];
const lines = RECORDS.map((fields, n) =>
  JSON.stringify({ level: n === 1 ? 50 : 30, time: 1_700_000_000_000 + n, msg: `m${n}`, ...fields })
);
const known = new KnownFields();
for (const text of lines) known.learn(recognizeRecord(text)!);

/** The question with each of what it may continue with put into its place. */
function continued(question: string, caret: number = question.length): string[] {
  const { from, to, options } = complete(question, caret, known);
  return options.map(({ text }) => question.slice(0, from) + text + question.slice(to));
}

test("fields that were seen complete a name, nested ones, and those that have the text in them", () => {
  assert.deepEqual(continued("sta"), ["status:"]);
  assert.deepEqual(continued("req."), ["req.method:", "req.url:"]);
  assert.deepEqual(continued("url"), ["req.url:"]);
  assert.deepEqual(continued("a AND -met"), ["a AND -req.method:"]);
  assert.deepEqual(continued("(sta", 4), ["(status:"]);
  assert.deepEqual(continued("sta x", 3), ["status: x"]);
  assert.deepEqual(continued("odd"), ["odd\\ name:"]);
  assert.deepEqual(continued("le"), ["level:"]);
  assert.deepEqual(continued('"sta'), []);
  assert.deepEqual(continued("zzz"), []);
  assert.ok(continued("").includes("level:"));
});

test("values that were seen, and levels, complete a field, in quotes where they need them", () => {
  assert.deepEqual(continued("req.method:"), ["req.method:GET", "req.method:POST", "req.method:*"]);
  assert.deepEqual(continued("x req.method:po"), ["x req.method:POST"]);
  assert.deepEqual(continued("req.url:/l"), ['req.url:"/list?a=1"']);
  assert.deepEqual(continued("odd\\ name:"), ['odd\\ name:"a b"', "odd\\ name:*"]);
  assert.deepEqual(continued("user:"), ['user:"<img src=x>"', 'user:"AND"', "user:*"]);
  assert.deepEqual(continued("status:>="), ["status:>=200", "status:>=500"]);
  assert.deepEqual(continued("level:>=w"), ["level:>=warn"]);
  assert.equal(continued("level:").length, 6);
  assert.deepEqual(continued("level:warn"), []);
});

test("an operator completes a word that stands after another one", () => {
  assert.ok(continued("x a").includes("x AND "));
  assert.ok(!continued("a").includes("AND "));
  assert.ok(continued("x o").includes("x OR "));
});

test("whatever is put into a question can be understood, and finds where it is from", () => {
  for (const text of lines) {
    const record = recognizeRecord(text)!;
    for (const name of known.names("")) {
      const field = continued(name.split(" ")[0]).find((one) => one.endsWith(":"));
      assert.ok(field !== undefined, name);
      for (const question of continued(field)) parseQuestion(question);
    }
    for (
      const value of ["a b", 'a "b"', "a\\b", "-x", "a:b", "/x/", "OR", "[1]", "x*", "=1", "!"]
    ) {
      const at = { ...record, fields: { v: value } };
      assert.ok(parseQuestion(`v:${quoted(value)}`).test(at, JSON.stringify({ v: value })), value);
    }
  }
});

test("what is known of fields is bounded", () => {
  const many = new KnownFields();
  const deep = JSON.parse('{"a":'.repeat(50) + "1" + "}".repeat(50));
  for (let n = 0; n < 1000; n++) {
    const fields = { [`f${n}`]: 1, id: n, long: "x".repeat(1000), ["n".repeat(500)]: 1, deep };
    many.learn(recognizeRecord(JSON.stringify({ level: 30, time: 1, ...fields }))!);
  }
  assert.ok(many.names("").length <= 300);
  assert.equal(many.values("id", "").length, 30);
  assert.deepEqual(many.values("long", ""), []);
});

async function withPage(use: (page: Page) => Promise<void>): Promise<void> {
  using log = makeLog();
  log.writeMany(lines);
  await withServer([log.name], ({ url }) =>
    withNewPage(async (page) => {
      const complaints = complaintsOf(page);
      await page.goto(url);
      await page.locator(".row .message >> text=m2").waitFor();
      await use(page);
      // A question that can't be understood has the status 400, which Chromium reports.
      assert.deepEqual(complaints.filter((one) => !/status of 400/.test(one)), []);
    }));
}

/** Waits until so many rows are in view. */
async function rowsOf(page: Page, count: number): Promise<void> {
  await eventually(page, () => page.locator(".row:visible").count(), (found) => found === count);
}

test(
  "a question is put together by keys, and asked",
  { skip: withoutBrowser },
  () =>
    withPage(async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("stat");
      const search = page.locator("#search");
      await page.locator("#options [role=option]").first().waitFor();
      assert.equal(await search.getAttribute("aria-expanded"), "true");
      await page.keyboard.press("ArrowDown");
      assert.equal(await search.getAttribute("aria-activedescendant"), "option-0");
      await page.keyboard.press("Tab");
      assert.equal(await search.inputValue(), "status:");
      await page.keyboard.type(">=");
      await page.locator("#options >> text=500").click();
      assert.equal(await search.inputValue(), "status:>=500");
      await rowsOf(page, 1);
      assert.equal(await page.locator(".row:visible .message").textContent(), "m1");
      await page.keyboard.press("Escape");
      assert.equal(await page.locator("#options").isVisible(), false);
      await page.keyboard.press("Enter");
      await page.locator("#list:focus").waitFor();
      assert.equal(await search.inputValue(), "status:>=500");
    }),
);

test("a mistake is shown at its place, and what was found before stays", {
  skip: withoutBrowser,
}, () =>
  withPage(async (page) => {
    await page.locator("#search").fill("level:error");
    await rowsOf(page, 1);
    await page.locator("#search").fill("level:eror <b>x</b>");
    const mistake = page.locator("#mistake");
    await mistake.waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#search").getAttribute("aria-invalid"), "true");
    assert.match(await mistake.textContent() ?? "", /a field is missing in front of this/);
    assert.ok((await mistake.locator("mark").textContent() ?? "").length > 0);
    assert.equal(await mistake.locator("b").count(), 0);
    assert.equal(await page.locator(".row:visible .message").textContent(), "m1");
    await page.locator("#search").fill("");
    await mistake.waitFor({ state: "hidden" });
    await rowsOf(page, 3);
  }));
