/** What the bundler does with some of the sources' modules. */

import type { Plugin } from "esbuild";
import { mkdirSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { root } from "../runtimes.ts";
import { isExternal, packageOf } from "./dependencies.ts";
import { config } from "./project.ts";

/** The file of the live view's page. */
const PAGE = "page.br";

/** Of deno.json nothing but the version is anybody's business. */
const onlyTheVersion: Plugin = {
  name: "only the version",
  setup: (build) =>
    build.onLoad({ filter: /[\\/]deno\.json$/ }, () => ({
      contents: JSON.stringify({ version: config.version }),
      loader: "json",
    })),
};

/** The page of the live view is as large as all commands together, and seldom wanted. */
const compressedPage: Plugin = {
  name: "compressed page",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]cli[\\/]serve[\\/]page\.ts$/ }, async ({ path }) => {
      const { ...texts } = await import(pathToFileURL(path).href);
      const { outdir } = build.initialOptions;
      mkdirSync(outdir as string, { recursive: true });
      writeFileSync(`${outdir}/${PAGE}`, compressed(JSON.stringify(texts)));
      return {
        contents: `import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
const file = readFileSync(new URL("./${PAGE}", import.meta.url));
export const { ${Object.keys(texts).join(", ")} } = JSON.parse(brotliDecompressSync(file));`,
        loader: "js",
      };
    });
  },
};

function compressed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

/** Of several kinds of bars there is one here. */
const oneBar: Plugin = {
  name: "one bar",
  setup(build) {
    build.onResolve({ filter: /^cli-progress$/ }, ({ path }) => ({ path, namespace: "one bar" }));
    build.onLoad({ filter: /.*/, namespace: "one bar" }, () => ({
      contents: `import SingleBar from "cli-progress/lib/single-bar.js";
export default { SingleBar };`,
      resolveDir: root,
    }));
  },
};

/** The bar is made of letters that are one column wide: no tables of all emoji are needed to know. */
const narrowBar: Plugin = {
  name: "narrow bar",
  setup(build) {
    build.onResolve(
      { filter: /^string-width$/ },
      // What the names of logs take is another question.
      ({ path, kind }) => kind === "require-call" ? { path, namespace: "narrow" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "narrow" }, () => ({
      contents: `const { stripVTControlCharacters } = process.getBuiltinModule("node:util");
module.exports = (text) => stripVTControlCharacters(text).length;`,
      loader: "js",
    }));
  },
};

/** Packages in CommonJS `require` what an ES module can't. */
const requiredBuiltins: Plugin = {
  name: "required builtins",
  setup(build) {
    build.onResolve(
      { filter: /^[\w:/]+$/ },
      ({ path, kind }) =>
        kind === "require-call" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      loader: "js",
    }));
  },
};

const externals: Plugin = {
  name: "externals",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, importer, namespace }) => {
      if (namespace !== "file" || importer === "") return undefined;
      const isCli = importer.startsWith(resolve(root, "src/cli")) ||
        importer.includes("node_modules");
      return isExternal(packageOf(path), isCli) ? { path, external: true } : undefined;
    });
  },
};

/** In the order in which they are asked. */
export const plugins: Plugin[] = [
  onlyTheVersion,
  compressedPage,
  oneBar,
  narrowBar,
  requiredBuiltins,
  externals,
];
