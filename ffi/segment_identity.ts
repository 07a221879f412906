/**
 * The numbers that tell one object of the system from another.
 *
 * @module
 */

/**
 * A device or inode number of 64 bits as a number. Up to 2^53 - 1 it is the number itself. Some
 * file systems mark theirs in the highest bits: those are folded into the lower ones, since rounding
 * would make neighbors equal.
 */
export function identityNumber(value: bigint): number {
  const bits = BigInt.asUintN(64, value);
  return Number(BigInt.asUintN(53, bits ^ (bits >> 53n)));
}

/** A `struct timespec` (i64 seconds, i64 or u32 nanoseconds) at `offset` as whole microseconds. */
export function microseconds(view: DataView, offset: number): number {
  const seconds = Number(view.getBigInt64(offset, true));
  return seconds * 1_000_000 + Math.floor(view.getUint32(offset + 8, true) / 1000);
}
