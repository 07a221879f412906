/**
 * Bytes as text.
 *
 * @module
 */

// A byte order mark is a part of what was written, so it is kept.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes bytes as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
