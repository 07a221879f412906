/** Forged logs with tables of up to a million rows: all that is asked of them takes time by their size. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import {
  inspect,
  Reader,
  type ReaderOptions,
  segmentSize,
  snapshot,
  verify,
  Writer,
} from "../../mod.ts";
import { outline } from "../../src/log/outline.ts";
import { recover } from "../../src/log/resume.ts";
import { Segment } from "../../src/log/segment.ts";
import { survey } from "../../src/log/survey.ts";
import { forge } from "../support/forged.ts";
import { tolerate } from "../support/hostile.ts";
import { isQemu } from "../support/platform.ts";
import { baseSeed, payloadOf, Random } from "../support/random.ts";
import { runScript, sameOnAll } from "../support/runtime.ts";
import { Raw } from "../support/segment.ts";

/** An image takes about twenty times as long as one of the other fuzzer. */
const RUNS = Math.ceil(Number(process.env.HOSTILE_RUNS ?? 5000) / 20);
/** The rows of the largest tables, of which there is one in so many images, and at the end. */
const MOST_ROWS = 1_000_000;
const LARGEST_EVERY = 250;
/** How often one call may look at a word. The most that was seen in 60,000 images was 60 (verify()). */
const MOST_LOOKS = 120;

/**
 * Counts the words of a log that are looked at, by the calls that would bring them up to date if this
 * were a copy: so it costs nothing where nobody counts.
 */
class StepCounter {
  steps = 0;
  readonly #most: number;

  constructor(memory: ArrayBuffer) {
    this.#most = MOST_LOOKS * (memory.byteLength / 4 + 100);
  }

  readonly load = (from: number, to: number) => this.#add(1 + (to - from) / 4);
  readonly fence = () => this.#add(1);

  #add(steps: number): void {
    this.steps += steps;
    if (this.steps > this.#most) throw new Error(`more than ${this.#most} steps`);
  }
}

/** Reads to the end; all of it counts as one call. */
function drain(reader: Reader): void {
  for (let last = 0;;) {
    const batch = reader.readBatch();
    if (batch.length === 0) return;
    assert.ok(batch.sequenceNumber(0) > last, "no number comes twice");
    last = batch.sequenceNumber(batch.length - 1);
  }
}

test(
  `forged logs take time by their size, whatever is asked of them (seed ${baseSeed}, ${RUNS} images)`,
  { skip: sameOnAll },
  () => {
    for (let i = 0; i < RUNS; i++) {
      const random = new Random(baseSeed + i);
      const isLargest = (RUNS - 1 - i) % LARGEST_EVERY === 0 && RUNS > 1;
      const count = isLargest ? MOST_ROWS : 1 + random.below(2 ** (1 + random.below(13)));
      const { memory, what } = forge(random, count);
      const check = (name: string, ask: (counter: StepCounter) => void) => {
        try {
          tolerate(() => ask(new StepCounter(memory)));
        } catch (cause) {
          const seed = baseSeed + i;
          throw new Error(`${name} of ${what}, SEED=${seed} HOSTILE_RUNS=20`, { cause });
        }
      };
      check("survey()", ({ load, fence }) => void survey(new Segment(memory, load), fence));
      check("outline()", ({ load, fence }) => void outline(memory, fence, load));
      check("inspect()", ({ load, fence }) => {
        const info = inspect(memory, { load, fence });
        assert.ok(info.entries * 4 <= memory.byteLength && info.damage.length <= 1000);
      });
      check("verify()", ({ load, fence }) => {
        const found = verify(memory, { load, fence });
        assert.ok(found.entries * 4 <= memory.byteLength);
        assert.ok(found.damage.length <= 1000 && found.gaps.length <= 1000);
      });
      check("snapshot()", ({ load, fence }) => void snapshot(memory, { load, fence }));
      const options: ReaderOptions = {
        strategy: (["auto", "latest", "oldest"] as const)[random.below(3)],
        onDamage: (["skip", "throw"] as const)[random.below(2)],
        onOverrun: (["oldest", "latest", "throw"] as const)[random.below(3)],
      };
      for (const after of [undefined, 0, random.below(2 * count), random.below(2 ** 32)]) {
        const all = { ...options, after };
        check("Reader()", ({ load, fence }) => void new Reader(memory, { ...all, load, fence }));
        check("reading", ({ load, fence }) => drain(new Reader(memory, { ...all, load, fence })));
      }
      check("resume()", ({ load, fence }) => void recover(new Segment(memory, load), fence));
      check("write()", () => {
        const writer = Writer.resume(memory);
        if (writer.maxEntrySize < 4) return;
        const total = writer.totalEntriesWritten;
        for (let n = 1; n <= 20; n++) assert.equal(writer.write("abc"), total + n);
      });
    }
  },
);

test("a start after an entry ends where the table leads back to it in each lap", {
  skip: sameOnAll,
}, () => {
  const memory = new ArrayBuffer(segmentSize(2, 256));
  const writer = Writer.create(memory, { chunkCount: 2 });
  for (let n = 1; n <= 60; n++) writer.write(payloadOf(n, 8));
  const raw = new Raw(memory);
  const [first, second] = [raw.row(0), raw.row(1)];
  // Wherever row 0 begins, and however chunk 1 counts.
  for (let offset = first.offset; offset < memory.byteLength; offset += 4) {
    for (let token = 1; token < 80; token += 3) {
      raw.setRow(0, offset, first.token);
      raw.setRow(1, second.offset, token);
      for (const after of [1, 30, 50, 59, 60, 100]) {
        const { load, fence } = new StepCounter(memory);
        tolerate(() => void new Reader(memory, { after, load, fence }));
        tolerate(() => drain(new Reader(memory, { after, onDamage: "skip", load, fence })));
      }
    }
  }
});

for (const action of ["inspect", "verify", "snapshot", "read"]) {
  test(`${action} of a million forged rows takes less than 500 MB`, () => {
    const { stdout, stderr } = runScript(new URL("children/forged.ts", import.meta.url), [action]);
    assert.equal(stderr, "");
    const megabytes = Number(stdout);
    assert.ok(megabytes > 32 && megabytes < (isQemu ? 1000 : 500), `${megabytes} MB`);
  });
}
