/** Damaged and malicious logs. */

import { OuroborosError, segmentSize, Writer } from "../../mod.ts";
import { loadFixtures } from "./fixtures.ts";
import { payloadOf, type Random } from "./random.ts";

/** The images that the original libraries wrote, unless they are large. */
const images = loadFixtures().map((fixture) => fixture.image()).filter(
  ({ byteLength }) => byteLength < 10_000,
);

/** Values that are on the edge of something. */
const EDGES = [0, 1, 2, 3, 4, 5, 8, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0x80000001, 0x80000002]
  .concat([0x80000003, 0x80000004, 0x80000005, 0xfffffffc, 0xffffffff, 0x7ffffffc]);

/** A log of some shape, sound or of random bytes. */
export function makeImage(random: Random): ArrayBuffer {
  const kind = random.below(4);
  if (kind === 0) return images[random.below(images.length)].slice(0);
  const chunkCount = 1 + random.below(8);
  const memory = new ArrayBuffer(segmentSize(chunkCount, 16 + random.below(200)) + random.below(4));
  if (kind === 1) {
    const bytes = new Uint8Array(memory);
    for (let i = 16; i < bytes.length; i++) bytes[i] = random.below(256);
    new BigUint64Array(memory, 0, 1)[0] = 0x4f55524f424c4f47n;
    new Uint32Array(memory, 8, 2).set([1, chunkCount]);
    return memory;
  }
  const writer = Writer.create(memory, { chunkCount });
  for (let n = random.below(60); n > 0; n--) {
    writer.write(payloadOf(n, random.below(Math.min(80, writer.maxEntrySize + 1))));
  }
  return memory;
}

/**
 * Changes some words: of the header, of the table, of entries, to edges, neighbors or anything; now
 * and then it cuts the end off.
 */
export function damage(random: Random, memory: ArrayBuffer, cuts: boolean = true): ArrayBuffer {
  const words = new Uint32Array(memory, 0, memory.byteLength >>> 2);
  const table = Math.min(4 + 4 * (words[3] ?? 0), words.length);
  for (let n = random.below(6); n > 0; n--) {
    const part = random.below(8);
    const at = part === 0
      ? random.below(4)
      : part < 5
      ? 4 + random.below(Math.max(table - 4, 1))
      : random.below(words.length);
    if (at >= words.length) continue;
    const how = random.below(4);
    if (how === 0) words[at] = EDGES[random.below(EDGES.length)];
    else if (how === 1) words[at] += random.below(17) - 8;
    else if (how === 2) words[at] ^= 1 << random.below(32);
    else words[at] = words[random.below(words.length)];
  }
  if (cuts && random.below(8) === 0) return memory.slice(0, random.below(memory.byteLength + 1));
  return memory;
}

/** Only our errors; anything else is a bug. */
export function tolerate(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
  }
}
