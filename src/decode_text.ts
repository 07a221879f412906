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

const exact = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Bytes as a member of JSON: as `text` if they are UTF-8, else, so that none is lost, in `base64`. */
export function payloadJson(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: exact.decode(bytes) };
  } catch {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return { base64: btoa(binary) };
  }
}
