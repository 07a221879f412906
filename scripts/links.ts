/** Links in documents, and which of them lead nowhere. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * What a package has for people to read, besides what is in the sources: at the same paths in a clone and
 * in the npm package, so that the links between them work in both.
 */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  ".github/ARCHITECTURE.md",
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
  "bench/results/chunks.svg",
  "bench/results/readers.svg",
  "src/guides",
];

/** The Markdown files of a clone or a package, relative to its folder. */
export function markdownFiles(folder: string): string[] {
  return DOCUMENTS.flatMap((path) =>
    path.endsWith("guides")
      ? readdirSync(join(folder, path)).map((name) => `${path}/${name}`)
      : path
  ).filter((path) => path.endsWith(".md"));
}

/** Links of the Markdown files in a folder that lead to no file, or to no heading. */
export function deadLinks(folder: string): string[] {
  return markdownFiles(folder).flatMap((file) =>
    linksIn(readFileSync(join(folder, file), "utf8"))
      .filter((link) => !leadsSomewhere(folder, file, link))
      .map((link) => `${file}: the link ${link} leads nowhere`)
  );
}

/** The targets of relative links in Markdown. */
export function linksIn(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```/gm, "").replace(/`[^`]*`/g, "");
  return [...prose.matchAll(/\]\((?![a-z]+:)([^)]*)\)/g)].map(([, target]) => target);
}

function leadsSomewhere(folder: string, file: string, link: string): boolean {
  const [path, heading] = link.split("#");
  const target = path === "" ? join(folder, file) : join(folder, dirname(file), path);
  if (!existsSync(target)) return false;
  if (heading === undefined) return true;
  const headings = readFileSync(target, "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].some(([, text]) => headingId(text) === heading);
}

/** What links to a heading end with, as GitHub makes it of the text. */
export function headingId(text: string): string {
  return text.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
}
