/**
 * The headers of messages, and how text gets into them.
 *
 * @module
 */

/** The headers, by name. */
export const HEADERS = {
  id: "Nats-Msg-Id",
  sequenceNumber: "Ouroboros-Seq",
  gap: "Ouroboros-Gap",
  time: "Ouroboros-Time",
  host: "Ouroboros-Host",
  name: "Ouroboros-Name",
  segment: "Ouroboros-Segment",
  truncated: "Ouroboros-Truncated",
} as const;

/** Text that a header can carry: what is not printable ASCII, and `%`, becomes %XX of its UTF-8. */
export function headerText(text: string): string {
  const isPlain = /^[!-$&-~]*$/.test(text);
  if (isPlain) return text;
  let safe = "";
  for (const byte of new TextEncoder().encode(text)) {
    safe += byte > 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return safe;
}

/** The text again; `undefined` if no `headerText` made it. */
export function textOfHeader(value: string): string | undefined {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
