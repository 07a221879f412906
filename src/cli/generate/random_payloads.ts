/**
 * Random payloads that anybody can make again from the seed.
 *
 * @module
 */

/** The payloads of a seed, one after the other, each of `minSize` to `maxSize` random bytes. */
export class RandomPayloads {
  readonly #minSize: number;
  readonly #maxSize: number;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #state: Uint32Array;

  /** Begins at the first payload of `seed`, which has up to 64 bits. */
  constructor(seed: bigint, minSize: number, maxSize: number) {
    this.#minSize = minSize;
    this.#maxSize = maxSize;
    this.#words = new Uint32Array((maxSize + 3) >>> 2);
    this.#bytes = new Uint8Array(this.#words.buffer);
    // Never all zeros, which would stay so.
    this.#state = Uint32Array.of(Number(seed & 0xffffffffn), Number(seed >> 32n), 0x9e3779b9, 1);
    for (let i = 0; i < 16; i++) this.#next();
  }

  /** The next payload, valid until the one after it. */
  next(): Uint8Array {
    const size = this.#minSize + this.#next() % (this.#maxSize - this.#minSize + 1);
    const words = (size + 3) >>> 2;
    for (let i = 0; i < words; i++) this.#words[i] = this.#next();
    return this.#bytes.subarray(0, size);
  }

  /** 32 bits of Marsaglia's xorshift128 (Journal of Statistical Software 8, 2003). */
  #next(): number {
    const state = this.#state;
    let t = state[3];
    t ^= t << 11;
    t ^= t >>> 8;
    state.copyWithin(1, 0, 3);
    state[0] = t ^ state[0] ^ (state[0] >>> 19);
    return state[0];
  }
}
