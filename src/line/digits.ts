/**
 * Numbers as text, written digit by digit into memory.
 *
 * @module
 */

/** The digits of 0 to 99, two to an element, little-endian. */
const PAIRS = new Uint16Array(100);
for (let i = 0; i < 100; i++) PAIRS[i] = (48 + Math.floor(i / 10)) | ((48 + i % 10) << 8);

/** So many bytes `writeInteger()` and `writeNumber()` need at most. */
export const NUMBER_ROOM = 32;

/** Writes an integer from 0 to 2^31 - 1; gives where the next byte goes. */
export function writeUint(view: DataView, at: number, value: number): number {
  if (value < 10) {
    view.setUint8(at, 48 + value);
    return at + 1;
  }
  if (value < 100) {
    view.setUint16(at, PAIRS[value], true);
    return at + 2;
  }
  const end = at + digitsOf(value);
  let to = end;
  let rest = value;
  while (rest >= 100) {
    const next = (rest / 100) | 0;
    to -= 2;
    view.setUint16(to, PAIRS[rest - next * 100], true);
    rest = next;
  }
  if (rest < 10) view.setUint8(to - 1, 48 + rest);
  else view.setUint16(to - 2, PAIRS[rest], true);
  return end;
}

/**
 * Writes a finite number as `String(value)` gives it, if there is a quick way.
 *
 * @returns where the next byte goes, or -1 if there is no quick way
 */
export function writeNumber(view: DataView, at: number, value: number): number {
  if ((value | 0) === value) {
    if (value >= 0) return writeUint(view, at, value);
    // Its absolute value is no int32.
    if (value === -0x80000000) return -1;
    view.setUint8(at, 45);
    return writeUint(view, at + 1, -value);
  }
  let size = value;
  if (value < 0) {
    view.setUint8(at++, 45);
    size = -value;
  }
  if (size < 2e6) {
    // Of at most 15 digits: no other text of so few reads as this number, so it is the one that
    // String() gives.
    const thousandths = Math.round(size * 1000) | 0;
    if (thousandths / 1000 !== size) return -1;
    return writeThousandths(view, at, thousandths);
  }
  if (size > Number.MAX_SAFE_INTEGER || Math.floor(size) !== size) return -1;
  const high = Math.floor(size / 1e8);
  // Up to 2^53 / 10^8, which is an int32.
  const after = writeUint(view, at, high);
  writePadded(view, after, size - high * 1e8, 8);
  return after + 8;
}

function writeThousandths(view: DataView, at: number, thousandths: number): number {
  const whole = (thousandths / 1000) | 0;
  const rest = thousandths - whole * 1000;
  at = writeUint(view, at, whole);
  view.setUint8(at, 46);
  const first = (rest / 100) | 0;
  view.setUint8(at + 1, 48 + first);
  const last = rest - first * 100;
  if (last === 0) return at + 2;
  view.setUint16(at + 2, PAIRS[last], true);
  return last % 10 === 0 ? at + 3 : at + 4;
}

/** Writes an even number of digits, with zeros before them. */
export function writePadded(view: DataView, at: number, value: number, digits: number): void {
  let rest = value;
  for (let to = at + digits - 2; to >= at; to -= 2) {
    const next = (rest / 100) | 0;
    view.setUint16(to, PAIRS[rest - next * 100], true);
    rest = next;
  }
}

function digitsOf(value: number): number {
  if (value < 10000) return value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  if (value < 100000000) return value < 10000000 ? 7 : 8;
  return value < 1000000000 ? 9 : 10;
}
