/** Malicious files under real readers, which are truncated, grow and are replaced. */

import assert from "node:assert/strict";
import { renameSync, truncateSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type OverrunPolicy, ShmLogReader } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { damage, makeImage, tolerate } from "../support/hostile.ts";
import { baseSeed, forEachSeed, type Random } from "../support/random.ts";
import { needsTruncation } from "../support/platform.ts";

const RUNS = Number(process.env.HOSTILE_FILES ?? 1000);
const folder = testFolder("hostile");

/** Takes a few entries, one way or another. */
function readSome(reader: ShmLogReader, random: Random): void {
  const way = random.below(4);
  let last = 0;
  const take = (sequenceNumber: number) => {
    assert.ok(sequenceNumber > last, `${sequenceNumber} after ${last}`);
    last = sequenceNumber;
  };
  if (way === 0) take(reader.read()?.sequenceNumber ?? Infinity);
  else if (way === 1) { for (const entry of reader.readBatch()) take(entry.sequenceNumber); }
  else if (way === 2) reader.forEach((entry) => take(entry.sequenceNumber));
  else reader.inspect();
}

test(
  `files that change, shrink, grow and are replaced give typed errors or entries (seed ${baseSeed}, ${RUNS} files)`,
  { skip: needsTruncation },
  () => {
    const path = `${folder}/log`;
    forEachSeed(RUNS, "HOSTILE_FILES", (random) => {
      const newImage = () => new Uint8Array(damage(random, makeImage(random)));
      const image = newImage();
      writeFileSync(path, image);
      tolerate(() => {
        using reader = ShmLogReader.open({ path }, {
          strategy: (["auto", "latest", "oldest"] as const)[random.below(3)],
          onOverrun: (["oldest", "latest", "throw"] satisfies OverrunPolicy[])[random.below(3)],
          onDamage: (["throw", "skip"] as const)[random.below(2)],
          copyMode: (["map", "pread"] as const)[random.below(2)],
        });
        for (let n = 0; n < 8; n++) {
          const action = random.below(5);
          if (action === 0) truncateSync(path, random.below(image.length + 1));
          else if (action === 1) truncateSync(path, image.length + random.below(10_000));
          else if (action === 2) {
            writeFileSync(`${path}.new`, newImage());
            renameSync(`${path}.new`, path);
            // Now it may be another log, or none.
            tolerate(() => void reader.reopen());
          }
          tolerate(() => readSome(reader, random));
        }
      });
    });
  },
);
