/** What the writer's caller pays: one entry, many entries, an entry made in place, text. */

import type { ShmLogWriter } from "../../mod.ts";
import { bytePayloads, POOL, textPayloads } from "../payloads.ts";
import type { Case } from "../timing.ts";

const BATCH = 32;

/** The cases of writing to `writer` payloads of `size` bytes. */
export function writeCases(writer: ShmLogWriter, size: number): Case[] {
  const payloads = bytePayloads(size);
  const texts = textPayloads(size);
  const batches = Array.from({ length: POOL / BATCH }, (_, i) => {
    return payloads.slice(i * BATCH, (i + 1) * BATCH);
  });
  const textBatches = Array.from({ length: POOL / BATCH }, (_, i) => {
    return texts.slice(i * BATCH, (i + 1) * BATCH);
  });
  // A concatenation is a rope: it is flattened by the first one who wants its characters.
  const tails = texts.map((text) => text.slice(4));
  let next = 0;
  return [
    {
      path: "write(Uint8Array)",
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) writer.write(payloads[i]);
      },
    },
    {
      path: "writeMany(32 × Uint8Array)",
      size,
      entries: POOL,
      run() {
        for (const batch of batches) writer.writeMany(batch);
      },
    },
    {
      path: "claim + commit",
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) {
          const claim = writer.claim(payloads[i].length);
          claim.bytes[0] = i;
          claim.commit();
        }
      },
    },
    {
      path: "write(string)",
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) writer.write(texts[i]);
      },
    },
    {
      path: "write(`${n} …`)",
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) writer.write(`${(next++ & 1023) + 1000}${tails[i]}`);
      },
    },
    {
      path: "writeMany(32 × string)",
      size,
      entries: POOL,
      run() {
        for (const batch of textBatches) writer.writeMany(batch);
      },
    },
  ];
}
