/**
 * The page of the live view, as `deno task build:page` packs it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { brotliDecompressSync } from "node:zlib";
import packed from "./page.json" with { type: "json" };
import { pagePolicy } from "./security.ts";

/** The parts of the page. */
export interface PageParts {
  /** The page itself, with a gap for its style and one for its script. */
  html: string;
  /** The style sheet. */
  style: string;
  /** The script. */
  script: string;
}

/** The parts that are served. */
export const parts: PageParts = JSON.parse(
  brotliDecompressSync(Buffer.from(packed.brotli, "base64")).toString(),
);

// By functions: in a text that replaces, dollar signs mean something.
/** The whole page. */
export const page: string = parts.html
  .replace("/*STYLE*/", () => parts.style)
  .replace("/*REPORT*/", "")
  .replace("/*SCRIPT*/", () => parts.script);

/** What the page may do. */
export const policy: string = pagePolicy(parts.script, parts.style);
