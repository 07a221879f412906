/** Entries over time: how they are counted, and how a span of them is chosen. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { Samples } from "../../src/cli/serve/timeline.ts";
import { complaintsOf, eventually, withoutBrowser, withPage } from "../support/browser.ts";
import { ask, makeLog, newName, withServer } from "../support/serve.ts";

const TIME = Date.UTC(2026, 10, 21, 12);
const line = (time: number, level = 30, msg = "x") => JSON.stringify({ level, time, msg });

/** The sum of each level. */
function sums(levels: Record<string, number[]>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(levels).map(([name, counts]) => [name, counts.reduce((a, b) => a + b, 0)]),
  );
}

function samplesOf(texts: Iterable<string>, expected = 0): Samples {
  const samples = new Samples(expected);
  for (const text of texts) if (samples.next()) samples.add(text);
  return samples;
}

test("entries are counted by time and level; one without a time has that of the one before", () => {
  const timeline = samplesOf([
    "nothing yet",
    line(TIME),
    line(TIME + 1000, 50),
    "  at stack",
    line(TIME + 59_000, 20),
  ]).timeline();
  assert.deepEqual([timeline.from, timeline.step, timeline.entries], [TIME, 500, 5]);
  assert.deepEqual([timeline.stride, timeline.outside], [1, 1]);
  assert.deepEqual(sums(timeline.levels), { info: 1, error: 1, none: 1, debug: 1 });
  assert.equal(timeline.levels.error?.[2], 1);
  assert.equal(timeline.levels.none?.[2], 1);
  assert.equal(timeline.levels.debug?.[118], 1);
});

test("there are never too many bars, and none of nothing", () => {
  assert.deepEqual(new Samples().timeline().levels, {});
  for (const span of [0, 1, 999, 12_345, 3.6e6, 8.64e7, 3e9, 1e12]) {
    const { levels, from, step } = samplesOf([line(TIME), line(TIME + span)]).timeline();
    const { length } = levels.info ?? [];
    assert.ok(length >= 1 && length <= 121, `${span}: ${length}`);
    assert.ok(from <= TIME && from + length * step > TIME + span, String(span));
  }
});

test("a few times that are far away do not hide the others", () => {
  const texts = Array.from({ length: 1000 }, (_, n) => line(TIME + 10 * n));
  texts.push(line(1e12), line(4e12));
  const { from, step, levels, outside } = samplesOf(texts).timeline();
  assert.ok(from > TIME - 1000 && step < 1000);
  assert.deepEqual([sums(levels), outside], [{ info: 1000 }, 2]);
});

test("of very many entries a sample is looked at, and its numbers are near the truth", () => {
  const count = 400_000;
  function* texts() {
    for (let n = 0; n < count; n++) yield line(TIME + n, n % 4 === 0 ? 50 : 30);
  }
  for (const expected of [0, count]) {
    const { entries, stride, levels } = samplesOf(texts(), expected).timeline();
    assert.equal(entries, count);
    assert.ok(stride >= 4);
    const sum = Object.values(sums(levels)).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - count) < 2 * stride, `${sum}`);
  }
});

test("the server counts what matches over time", async () => {
  using log = ShmLogWriter.create(newName(), { unlinkOnClose: true, size: "64MiB" });
  for (let n = 0; n < 100_000; n++) log.write(line(TIME + n, n % 10 === 0 ? 50 : 30, `line ${n}`));
  await withServer([log.name], async ({ url }) => {
    const { origin, search } = new URL(url);
    const asked = async (query: string) => {
      const path = `/api/logs/${encodeURIComponent(log.name)}/timeline`;
      const { status, body } = await ask(`${origin}${path}${search}${query}`);
      return { ...JSON.parse(body), status };
    };
    const all = await asked("");
    assert.deepEqual([all.entries, all.stride, all.from, all.step], [100_000, 2, TIME, 1000]);
    const errors = await asked("&level=error");
    assert.deepEqual([errors.entries, errors.stride, sums(errors.levels)], [10_000, 1, {
      error: 10_000,
    }]);
    const some = await asked(`&where=%22line+77%22&until=${new Date(TIME + 8000).toISOString()}`);
    assert.equal(
      some.entries,
      Array.from({ length: 8001 }, (_, n) => n).filter((n) => String(n).startsWith("77")).length,
    );
    assert.equal((await asked("&last=5")).status, 400);
    const missing = await ask(`${origin}/api/logs/nothing/timeline${search}`);
    assert.equal(missing.status, 404);
  });
});

test("a span is chosen by mouse or keys, shown in the list, and given up again", {
  skip: withoutBrowser,
}, async () => {
  using log = makeLog();
  for (let n = 0; n < 100; n++) log.write(line(TIME + n * 1000, n % 10 === 0 ? 50 : 30, `m${n}`));
  await withServer([log.name], ({ url }) =>
    withPage(async (page) => {
      const complaints = complaintsOf(page);
      await page.goto(url);
      const box = page.locator("#timeline .u-over");
      await box.waitFor();
      const { x, y, width } = (await box.boundingBox())!;
      await page.mouse.move(x + width * 0.405, y + 20);
      await page.locator("#timeline-note >> text=1 error").waitFor();
      await page.mouse.down();
      await page.mouse.move(x + width * 0.595, y + 20, { steps: 5 });
      await page.mouse.up();
      await page.locator("#span-clear").waitFor();
      const messages = () =>
        page.locator(".row:visible:not(.remark) .message").evaluateAll((all) =>
          all.map((one) => Number(one.textContent?.slice(1))).sort((a, b) => a - b)
        );
      const until = (condition: (found: number[]) => boolean) =>
        eventually(page, messages, condition);
      assert.deepEqual(
        await until((found) => found.length === 20),
        Array.from({ length: 20 }, (_, i) => 40 + i),
      );
      await page.locator("#span-clear").click();
      await until((found) => found.at(-1) === 99);
      // Only by keys.
      await page.locator("#timeline").focus();
      for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Shift+ArrowLeft");
      const note = page.locator("#timeline-note", { hasText: "1 info" });
      await note.waitFor();
      // The chart is drawn anew now and then: that changes neither what is marked nor what is said of it.
      await page.waitForResponse(/\/timeline\?/).then((response) => response.finished());
      await page.waitForTimeout(100);
      assert.equal(await note.count(), 1);
      await page.keyboard.press("Enter");
      assert.deepEqual(await until((found) => found.length === 2), [96, 97]);
      await page.keyboard.press("Escape");
      await until((found) => found.at(-1) === 99);
      assert.equal(await page.locator("#span-clear").isVisible(), false);
      assert.deepEqual(complaints, []);
    }));
});

test("one error among thousands of others is seen", { skip: withoutBrowser }, async () => {
  using log = makeLog();
  for (let n = 0; n < 5000; n++) {
    log.write(line(TIME + (n % 3) * 1000, n === 4000 ? 50 : 30, `m${n}`));
  }
  await withServer([log.name], ({ url }) =>
    withPage(async (page) => {
      await page.goto(url);
      await page.locator("#timeline canvas").waitFor();
      /** How many dots of the chart are red. */
      const red = () =>
        page.locator("#timeline canvas").evaluate((canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const image = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(
            0,
            0,
            width,
            height,
          );
          let count = 0;
          for (let at = 0; at < image.data.length; at += 4) {
            const [r, g, b, opacity] = image.data.subarray(at, at + 4);
            if (opacity === 255 && r > 2 * g && r > 2 * b) count++;
          }
          return count;
        });
      assert.ok(await eventually(page, red, (count) => count > 4));
    }));
});
