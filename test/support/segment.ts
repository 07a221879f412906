/** Segments made by hand, word by word. */

export const COMMIT = 0x80000000;

/** The words of a segment, for tests that look at or change single ones. */
export class Raw {
  readonly view: DataView;
  readonly memory: ArrayBuffer;

  constructor(memory: ArrayBuffer) {
    this.memory = memory;
    this.view = new DataView(memory);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  setU32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  row(index: number): { committed: boolean; offset: number; token: number } {
    const word = this.view.getBigUint64(16 + 16 * index, true);
    return {
      committed: word >> 63n === 1n,
      offset: Number(word & ~(1n << 63n)),
      token: Number(this.view.getBigUint64(24 + 16 * index, true)),
    };
  }

  setRow(index: number, offset: number, token: number | bigint, committed: boolean = true): void {
    const flag = committed ? 1n << 63n : 0n;
    this.view.setBigUint64(16 + 16 * index, flag | BigInt(offset), true);
    this.view.setBigUint64(24 + 16 * index, BigInt(token), true);
  }
}
