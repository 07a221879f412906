/** Entries as text, many at once: the bytes that are printed are those of every other way. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import test from "node:test";
import pc from "picocolors";
import { EntryBatch, Reader, ShmLogWriter, Writer } from "../../mod.ts";
import { batchPrinter } from "../../src/cli/output/batch_lines.ts";
import { entryPrinter } from "../../src/cli/output/format.ts";
import { LineBytes } from "../../src/cli/output/line_bytes.ts";
import { isVitals } from "../../src/records/vitals.ts";
import { cliCommand } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { hostileEntries } from "../support/hostile_text.ts";
import { complaintsIn } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { randomLine } from "../support/random_lines.ts";

const folder = testFolder("text-lines");
const COUNT = 3000;
const VITALS = '{"time":"2026-11-30T00:00:00.000Z","level":"debug","logger":"ouroboros.vitals",';
const VITALS_ENDS = ["000Z", "001Z", "000é", "00é", "00Z"];
/** No bytes, one, some around the length up to which they are copied one by one, more than a batch takes. */
const SIZES = [0, 1, 3, 95, 96, 97, 98, 5000, 70_000, 300_000];

/** Lines of programs, text of strangers, bytes of any kind, vitals, line ends, from a seed. */
function entries(random: Random): Uint8Array[] {
  const of = <T>(values: readonly T[]) => values[random.below(values.length)];
  return Array.from({ length: COUNT }, (_, i) => {
    switch (random.below(12)) {
      case 0:
        return of(hostileEntries).bytes.subarray(0, 70_000);
      case 1:
        return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      case 2:
        return Buffer.from(of(["", "\n", "\r\n", "a\n\nb\n", "\n\x1b[2J", "\x9b31m", "é\0\t"]));
      case 3:
        // What looks like them to bytes, or to text alone, is no vitals.
        return Buffer.from(`${VITALS.replace("000Z", of(VITALS_ENDS))}"cpuPercent":${i}}`);
      case 4:
        return new Uint8Array(of(SIZES.slice(0, random.below(50) === 0 ? undefined : -2)))
          .fill(0x20 + random.below(100));
      default:
        return randomLine(random, 1.76e12 + i);
    }
  });
}

for (const [format, isTerminal] of [["text", false], ["text", true], ["raw", false]] as const) {
  const where = isTerminal ? "on a terminal" : "elsewhere";
  for (const hasColors of [false, true]) {
    const what = `${where}${hasColors ? ", in colors" : ""}`;
    test(`batches as ${format} are the bytes of their entries one by one: ${what} (SEED=${baseSeed})`, () => {
      const random = new Random(baseSeed);
      const memory = new ArrayBuffer(1 << 24);
      Writer.create(memory, { chunkCount: 4 }).writeMany(entries(random));
      const vitals = random.below(2) === 0;
      const lines = new LineBytes();
      const print = batchPrinter({ format, isTerminal, hasColors, vitals }, lines);
      const one = new LineBytes();
      const printOne = entryPrinter(format, one, {
        isTerminal,
        colors: pc.createColors(hasColors),
      });
      const reader = new Reader(memory, { strategy: "oldest" });
      const batch = new EntryBatch();
      let count = 0;
      while (reader.readBatch(1 + random.below(100), batch).length > 0) {
        print(batch);
        for (const entry of batch) if (vitals || !isVitals(entry.text)) printOne(entry);
        count += batch.length;
        const first = batch.sequenceNumber(0);
        assert.ok(Buffer.from(one.take()).equals(lines.take()), `a batch from entry ${first}`);
      }
      assert.equal(count, COUNT);
    });
  }
}

test(`tail prints the same bytes, and says the same, whether in batches or one by one (SEED=${baseSeed})`, () => {
  const path = `${folder}/log`;
  {
    using log = ShmLogWriter.create({ path }, { chunkSize: 1 << 19, chunkCount: 4 });
    // The first ones are overwritten, so that there is a loss to be counted.
    for (let i = 0; i < 8; i++) log.write(new Uint8Array(300_000));
    // Batches without parts of lines, and batches with them.
    for (const [i, entry] of entries(new Random(baseSeed)).entries()) {
      if (i > 0.8 * COUNT || !/std(out|err) P/.test(new TextDecoder().decode(entry))) {
        log.write(entry);
      }
    }
    // A line whose end is in another batch, and one that has no end.
    for (const part of ["F none", "P begins, ", "F ends", "P begins"]) {
      log.write(new Uint8Array(70_000));
      log.write(`2026-11-30T00:00:00.1Z stdout ${part}`);
    }
  }
  const printed = (...args: string[]) => {
    const [command, all] = cliCommand(["tail", path, "--from", "1", ...args]);
    const options = { maxBuffer: 1 << 26, timeout: 120_000 };
    const { status, stdout, stderr } = spawnSync(command, all, options);
    return { status, stdout, stderr: complaintsIn(stderr.toString()) };
  };
  for (const more of [["-o", "text"], ["-o", "text", "--vitals"], ["-o", "raw"]]) {
    const all = printed(...more);
    // With a number of entries to print, each is looked at.
    const each = printed("--head", "1000000", ...more);
    assert.deepEqual([all.status, all.stderr], [each.status, each.stderr]);
    assert.ok(all.stdout.length > 100_000 && all.stdout.equals(each.stdout));
    assert.match(all.stderr, /^ouroboros: \d+ entries lost\n$/);
  }
});
