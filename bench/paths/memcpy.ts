/** The measure of all things: `Uint8Array.set` of the same sizes, into such a log and out of it. */

import { bytePayloads, POOL } from "../payloads.ts";
import type { Case } from "../timing.ts";

/** The names of the two rows. */
export const MEMCPY_IN = "Uint8Array.set into it";
export const MEMCPY_OUT = "Uint8Array.set out of it";

/** The cases of copying payloads of `size` bytes through `memory` from its start to its end. */
export function memcpyCases(memory: ArrayBuffer, size: number): Case[] {
  const bytes = new Uint8Array(memory);
  const payloads = bytePayloads(size);
  const target = new Uint8Array(2 * size);
  const last = bytes.length - 2 * size;
  let at = 0;
  let from = 0;
  return [
    {
      path: MEMCPY_IN,
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) {
          const payload = payloads[i];
          if (at > last) at = 0;
          bytes.set(payload, at);
          at += (payload.length + 7) & ~3;
        }
      },
    },
    {
      path: MEMCPY_OUT,
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) {
          const { length } = payloads[i];
          if (from > last) from = 0;
          target.set(bytes.subarray(from, from + length));
          from += (length + 7) & ~3;
        }
      },
    },
  ];
}
