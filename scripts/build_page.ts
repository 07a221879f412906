/**
 * Bundles the page of `ouroboros serve` (src/cli/serve/page) into one module of strings, so that it works from
 * a checkout, JSR and npm without this step.
 *
 * `deno task build:page`
 */

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";

const root = new URL("../", import.meta.url);

/** Where the module goes. */
export const generatedFile: URL = new URL("src/cli/serve/page.ts", root);

/** The module, as the sources give it. */
export async function buildPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("src/cli/serve/page/main.ts", root))],
    absWorkingDir: fileURLToPath(root),
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    // uPlot's licence wants to be there.
    legalComments: "inline",
    tsconfigRaw: "{}",
    alias: { uplot: createRequire(import.meta.url).resolve("uplot/dist/uPlot.esm.js") },
  });
  const plotStyle = createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css");
  const css = readFileSync(plotStyle, "utf8") + read("src/cli/serve/page/style.css");
  const style = (await transform(css, { loader: "css", minify: true })).code.trim();
  const html = read("src/cli/serve/page/index.html").replace(/^\s+/gm, "");
  return `// Made by scripts/build_page.ts out of ./page: not to be changed by hand.
// It contains uPlot, (c) 2025 Leon Sorokin, MIT licence.
/** The page, with a gap for its style and one for its script. */
export const html: string = ${quote(html)};
/** The style sheet. */
export const style: string = ${quote(style)};
/** The script. */
export const script: string = ${quote(outputFiles[0].text.trim())};
`;
}

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** A string literal in which lines stay lines, so that changes can be looked at. */
function quote(text: string): string {
  return `\`${text.replace(/[\\`]|\$\{/g, "\\$&")}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(generatedFile, await buildPage());
}
