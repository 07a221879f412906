/**
 * Text as a JSON string, written into memory.
 *
 * @module
 */

/** By ASCII code: 1 for what stands in a JSON string as it is. */
export const PLAIN: Uint8Array = new Uint8Array(128);
PLAIN.fill(1, 0x20);
PLAIN[0x22] = PLAIN[0x5c] = 0;

/** By ASCII code: 1 for all. */
export const ANY: Uint8Array = new Uint8Array(128).fill(1);

/**
 * Writes short text character by character.
 *
 * @param allowed 1 for each ASCII code that may be in it
 * @returns where the next byte goes, or -1 if there is another character
 */
export function writeShort(
  view: DataView,
  at: number,
  text: string,
  allowed: Uint8Array,
): number {
  const { length } = text;
  if (length < 4) {
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f || allowed[unit] === 0) return -1;
      view.setUint8(at + i, unit);
    }
    return at + length;
  }
  // Four at a time; the last four may have some in them that were written already.
  const last = length - 4;
  for (let i = 0;; i = i + 4 < last ? i + 4 : last) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f || (allowed[a] & allowed[b] & allowed[c] & allowed[d]) === 0) {
      return -1;
    }
    view.setInt32(at + i, a | (b << 8) | (c << 16) | (d << 24), true);
    if (i === last) return at + length;
  }
}

/** Whether none of the bytes from `from` to `to` needs an escape in a JSON string. */
export function isPlain(view: DataView, from: number, to: number): boolean {
  let at = from;
  // Four bytes at a time: a byte's top bit is set by what it is zero after, as long as none is above 127.
  for (const last = to - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const quotes = word ^ 0x22222222;
    const slashes = word ^ 0x5c5c5c5c;
    const found = ((word - 0x20202020) | (quotes - 0x01010101) & ~quotes |
      (slashes - 0x01010101) & ~slashes) & ~word & 0x80808080;
    if (found !== 0) return false;
  }
  for (; at < to; at++) {
    const byte = view.getUint8(at);
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) return false;
  }
  return true;
}
