/**
 * The page with a saved log in it, as one file that needs no server.
 *
 * @module
 */

import { parts } from "./page.ts";
import { reportPolicy } from "./security.ts";

const META = '<meta charset="utf-8">';

/** What stands in a report before its entries, which are a saved log, packed by gzip, in Base64. `missing`: what was missing of what it was made of. */
export function reportHead(name: string, missing?: string): string {
  const { html, style, script } = parts;
  // Browsers obey only what stands before all that it is about.
  const policy = `<meta http-equiv="Content-Security-Policy" content="${
    escaped(reportPolicy(script, style))
  }">`;
  const [head] = html.split("/*REPORT*/");
  return head
    .replace(META, () => `${META}\n${policy}`)
    .replace("<title>ouroboros</title>", () => `<title>${escaped(name)} · ouroboros</title>`)
    .replace("/*STYLE*/", () => style) +
    `<script type="application/gzip" id="report" data-name="${escaped(name)}"${
      missing === undefined ? "" : ` data-missing="${escaped(missing)}"`
    }>`;
}

/** What stands behind its entries. */
export function reportTail(): string {
  const [, tail] = parts.html.split("/*REPORT*/");
  return `</script>\n${tail.replace("/*SCRIPT*/", () => parts.script)}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
