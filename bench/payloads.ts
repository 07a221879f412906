/** What is written in the benchmarks: payloads of varying length and content around a size. */

/** The sizes of the tables in bytes. */
export const SIZES: readonly number[] = [8, 64, 256, 1024, 4096, 16384];

/** How many payloads there are of a size: a power of two. */
export const POOL = 256;

/** Lengths from 7/8 to 9/8 of `size`, `size` on average; always the same ones. */
function lengths(size: number): number[] {
  const spread = Math.max(size >> 3, 1);
  // 97 is prime to 256: each remainder comes up, in an order that no predictor learns by heart.
  return Array.from(
    { length: POOL },
    (_, i) => size - spread + ((i * 97) % POOL) * 2 * spread / POOL,
  )
    .map(Math.round);
}

/** Payloads of bytes. */
export function bytePayloads(size: number): Uint8Array[] {
  return lengths(size).map((length, i) => {
    return new Uint8Array(length).map((_, at) => (at * 31 + i * 17) & 0xff);
  });
}

const WORDS =
  "the log wrote lap after lap while 16 readers followed id=4711 in 0.25 ms GET /a 200 ";

/** Payloads of ASCII text, flat: each is one piece of memory in the engine. */
export function textPayloads(size: number): string[] {
  const long = WORDS.repeat(Math.ceil((2 * size) / WORDS.length) + 2);
  return lengths(size).map((length, i) => {
    // Through JSON and back: a slice would stay a reference to the long text.
    return JSON.parse(JSON.stringify(long.slice(i % WORDS.length, i % WORDS.length + length)));
  });
}
