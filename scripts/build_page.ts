/**
 * Bundles the page of `ouroboros serve` (src/cli/serve/page) into src/cli/serve/page.json: compressed, in a
 * module of JSON. A module, so that it comes with a checkout, a bundle, a compiled program and the packages
 * of JSR and npm alike: no code has to find a file there, or needs the permission to fetch one.
 *
 * `deno task build:page [--check]`: with `--check` it writes nothing, and fails if the file is out of date.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { build, transform } from "esbuild";
import type { PageParts } from "../src/cli/serve/page.ts";

const root = new URL("../", import.meta.url);
const file = new URL("src/cli/serve/page.json", root);

/** The page, as its sources give it. */
export async function buildPage(): Promise<PageParts> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("src/cli/serve/page/main.ts", root))],
    absWorkingDir: fileURLToPath(root),
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    // uPlot's license asks to be there.
    legalComments: "inline",
    tsconfigRaw: "{}",
    alias: { uplot: createRequire(import.meta.url).resolve("uplot/dist/uPlot.esm.js") },
  });
  const plotStyle = createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css");
  const css = readFileSync(plotStyle, "utf8") + read("src/cli/serve/page/style.css");
  const style = (await transform(css, { loader: "css", minify: true })).code.trim();
  const html = read("src/cli/serve/page/index.html").replace(/^\s+/gm, "");
  return { html, style, script: outputFiles[0].text.trim() };
}

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

function pack(parts: PageParts): string {
  const about = "Made by deno task build:page. Contains uPlot, (c) 2025 Leon Sorokin, MIT license.";
  const brotli = brotliCompressSync(JSON.stringify(parts)).toString("base64");
  return `${JSON.stringify({ about, brotli }, null, 2)}\n`;
}

/**
 * Whether the file has these parts in it. Not whether it has the same bytes: two runtimes compress the
 * same text to different ones.
 */
async function isPacked(parts: PageParts): Promise<boolean> {
  try {
    return isDeepStrictEqual((await import("../src/cli/serve/page.ts")).parts, parts);
  } catch {
    // Not there, or damaged, as after a merge.
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const parts = await buildPage();
  if (!await isPacked(parts)) {
    if (process.argv.includes("--check")) {
      console.error("src/cli/serve/page.json is out of date: deno task build:page");
      process.exit(1);
    }
    writeFileSync(file, pack(parts));
  }
}
