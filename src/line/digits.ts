/**
 * Numbers as text, written into memory three digits at a time.
 *
 * @module
 */

/** By numbers below 1000: their digits, then with zeros before them, then as decimals behind a point. */
const DIGITS = new Int32Array(1000);
const PADDED = new Int32Array(1000);
const DECIMALS = new Int32Array(1000);
/** How many bytes of these count. */
const DIGITS_LENGTH = new Uint8Array(1000);
const DECIMALS_LENGTH = new Uint8Array(1000);
for (let i = 0; i < 1000; i++) {
  const padded = String(i).padStart(3, "0");
  const decimals = `.${padded}`.replace(/\.?0*$/, "");
  DIGITS[i] = wordOf(String(i));
  PADDED[i] = wordOf(padded);
  DECIMALS[i] = wordOf(decimals);
  DIGITS_LENGTH[i] = String(i).length;
  DECIMALS_LENGTH[i] = decimals.length;
}

function wordOf(text: string): number {
  let word = 0;
  for (let i = 0; i < text.length; i++) word |= text.charCodeAt(i) << (8 * i);
  return word;
}

/** So many bytes `writeNumber()` writes to at most. */
export const NUMBER_ROOM = 32;

/** Writes an integer from 0 to 2^31 - 1. Returns where the next byte goes. */
function writeUint(view: DataView, at: number, value: number): number {
  if (value < 1000) {
    view.setInt32(at, DIGITS[value], true);
    return at + DIGITS_LENGTH[value];
  }
  const thousands = (value / 1000) | 0;
  const next = writeUint(view, at, thousands);
  view.setInt32(next, PADDED[value - thousands * 1000], true);
  return next + 3;
}

/**
 * Writes a number as `String(value)` gives it, if there is a quick way.
 *
 * @returns where the next byte goes, or -1 if the caller must use `String(value)`
 */
export function writeNumber(view: DataView, at: number, value: number): number {
  if ((value | 0) === value && value >= 0) return writeUint(view, at, value);
  let size = value;
  if (value < 0) {
    view.setUint8(at++, 0x2d);
    size = -value;
  }
  if (size < 2e6) {
    // Of at most 15 digits: no other text of so few reads as this number, so it is the one that
    // String() gives.
    const thousandths = Math.round(size * 1000) | 0;
    if (thousandths / 1000 !== size) return -1;
    const whole = (thousandths / 1000) | 0;
    const rest = thousandths - whole * 1000;
    at = writeUint(view, at, whole);
    view.setInt32(at, DECIMALS[rest], true);
    return at + DECIMALS_LENGTH[rest];
  }
  if (size > Number.MAX_SAFE_INTEGER || Math.floor(size) !== size) return -1;
  const billions = Math.floor(size / 1e9);
  const low = size - billions * 1e9;
  if (billions === 0) return writeUint(view, at, low);
  const millions = (low / 1e6) | 0;
  const thousands = ((low - millions * 1e6) / 1000) | 0;
  at = writeUint(view, at, billions);
  view.setInt32(at, PADDED[millions], true);
  view.setInt32(at + 3, PADDED[thousands], true);
  view.setInt32(at + 6, PADDED[low - millions * 1e6 - thousands * 1000], true);
  return at + 9;
}
