/**
 * Logs that come and go, and readers one after another: nothing grows.
 *
 * RESOURCES is how many logs in shared memory; half as many readers, and fewer in files, since a
 * disk is slow. 20000 is what the promise says.
 */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";
import { descriptorsOf, hasProc, mapLines, report, type Usage, usage } from "../support/usage.ts";

const amount = Number(process.env.RESOURCES ?? 2000);
const folder = testFolder("segments");

const SMALL = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: true };
const skip = hasProc ? false : "no /proc to look at";

/**
 * What the engine may take for its own ends. Beyond it, a cycle may leave 32 bytes: the smallest
 * thing that it could forget, a registration for the finalizer, takes more.
 */
const HEAP_SLACK = 64 << 10;
const HEAP_PER_CYCLE = 32;
/** The kernel's count has the compiled code in it, and room that the allocators keep. */
const RSS_SLACK = 64 << 20;

/**
 * What leaks, leaks in every round; what an engine keeps for itself, and what is left of tests before,
 * comes and goes. So one round without growth is enough.
 */
const ROUNDS = 4;

/** Runs `cycle` again and again, with a breath now and then, and compares before with after. */
async function checkGrowth(title: string, cycles: number, cycle: () => void): Promise<void> {
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      cycle();
      if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  await run(Math.max(200, Math.min(2000, cycles / 2)));
  for (let round = 1;; round++) {
    const before = await usage();
    await run(cycles);
    const now = await usage();
    report(`${title}, ${cycles} cycles`, before, now);
    try {
      return check(before, now, cycles);
    } catch (error) {
      if (round === ROUNDS) throw error;
    }
  }
}

function check(before: Usage, now: Usage, cycles: number): void {
  // The engine's own maps come and go; of a cycle that leaks there would be as many as cycles.
  assert.ok(now.maps - before.maps < 200, `maps ${before.maps} -> ${now.maps}`);
  assert.ok(
    now.descriptors <= before.descriptors,
    `descriptors ${before.descriptors} -> ${now.descriptors}`,
  );
  const perCycle = (now.heap - before.heap - HEAP_SLACK) / cycles;
  assert.ok(perCycle < HEAP_PER_CYCLE, `heap ${before.heap} -> ${now.heap}: ${perCycle} a cycle`);
  assert.ok(now.rss - before.rss < RSS_SLACK, `rss ${before.rss} -> ${now.rss}`);
}

const places: [title: string, target: () => LogTarget, path: string, count: number][] = [
  ["shared memory", () => uniqueName("segments"), `ouroboros-segments-${process.pid}-`, amount],
  ["files", () => ({ path: folder + uniqueName() }), folder, amount / 4],
];

for (const [title, newTarget, path, count] of places) {
  test(
    `${title}: logs that come and go leave no map, no descriptor and no object`,
    { skip },
    async () => {
      await checkGrowth(`logs in ${title}`, count, () => {
        const target = newTarget();
        const writer = ShmLogWriter.create(target, SMALL);
        const reader = ShmLogReader.open(target);
        writer.write("x");
        assert.equal(reader.read()?.sequenceNumber, 1);
        reader.close();
        writer.close();
      });
      assert.deepEqual([mapLines(path), descriptorsOf(path)], [[], []]);
    },
  );

  test(
    `${title}: readers one after another leave no map, no descriptor and no object`,
    { skip },
    async () => {
      const target = newTarget();
      const writer = ShmLogWriter.create(target, SMALL);
      for (let i = 0; i < 100; i++) writer.write("x".repeat(100));
      await checkGrowth(`readers of ${title}`, count / 2, () => {
        const reader = ShmLogReader.open(target);
        assert.equal(reader.readBatch(10).length, 10);
        assert.equal(reader.isReplaced(), false);
        assert.equal(reader.isWriterAlive(), true);
        reader.close();
      });
      assert.deepEqual([mapLines(path).length, descriptorsOf(path).length], [1, 1]);
      writer.close();
      assert.deepEqual([mapLines(path), descriptorsOf(path)], [[], []]);
    },
  );

  test(
    `${title}: what cannot be opened leaves no map, no descriptor and no object`,
    { skip },
    async () => {
      const target = newTarget();
      const writer = ShmLogWriter.create(target, SMALL);
      await checkGrowth(`refusals of ${title}`, count / 2, () => {
        for (const ifExists of ["fail", "resume", "replace"] as const) {
          assert.throws(() => ShmLogWriter.create(target, { ...SMALL, ifExists }));
        }
        assert.throws(() => ShmLogReader.open(newTarget()));
      });
      assert.deepEqual([mapLines(path).length, descriptorsOf(path).length], [1, 1]);
      writer.close();
    },
  );
}
