/**
 * Lines as formatters make them, and as entries have them.
 *
 * @module
 */

/** Takes the newline off the end of a line. */
export function withoutNewline(line: string): string {
  // Whoever pipes a stream into a sink writes bytes; what is no line at all, the sink reports.
  if (typeof line !== "string") return line;
  const { length } = line;
  if (line.charCodeAt(length - 1) !== 0x0a) return line;
  return line.slice(0, line.charCodeAt(length - 2) === 0x0d ? length - 2 : length - 1);
}
