/**
 * Lines of `key=value` pairs, as Go's logging libraries, Heroku and Grafana's programs write them (logfmt).
 *
 * @module
 */

const FIRST = /^[A-Za-z_@][^\s="]*=/;
const PAIR = /([^\s="]+)=(?:"((?:[^"\\]|\\[^])*)"|([^\s"]*))(?:\s+|$)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The pairs of a line; `undefined` if there is anything else in it. */
export function parseLogfmt(text: string): Record<string, string> | undefined {
  // Other text should cost no more than this.
  if (!FIRST.test(text)) return undefined;
  const pairs: Record<string, string> = Object.create(null);
  for (let at = 0; at < text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) return undefined;
    const [, key, quoted, bare] = match;
    pairs[key] = quoted === undefined ? bare : unescaped(quoted);
  }
  return pairs;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:u([\da-fA-F]{4})|([^]))/g,
    (_, code: string | undefined, character: string) =>
      code === undefined
        ? ESCAPES[character] ?? character
        : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
