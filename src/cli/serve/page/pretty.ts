/** JSON with line ends and indents, and otherwise as it was written. */

/** A string, or a character between two. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{[](?:\s*[}\]])?|[}\],:]|\s+|[^\s"{}[\],:]+/g;
/** Deeper nesting is indented no more: what a stranger nests must not fill the memory. */
const DEEPEST = 32;

/**
 * The text for people, if it is a JSON object. Not by its values: numbers would be rounded, and names
 * that are there twice be there once.
 */
export function pretty(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  return text.replace(TOKEN, (token) => {
    if (token === "{" || token === "[") return token + (depth++, line());
    if (token === "}" || token === "]") return (depth--, line()) + token;
    if (token === ",") return token + line();
    return token === ":" ? ": " : token.startsWith('"') ? token : token.replace(/\s+/g, "");
  });
}
