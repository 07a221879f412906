/**
 * Loaded by `node --import` before the tests: Node 22 gets sources without the syntax that it does not
 * know, and the tests of the npm package get the package where they import the sources of its subpaths.
 */

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The URLs of the package's files, by those of their sources, as JSON. */
const PACKAGED = "OUROBOROS_PACKAGED";

const packaged: Record<string, string> = JSON.parse(process.env[PACKAGED] ?? "{}");
const isOld = process.versions.node.startsWith("22.");
// Only where it is used: it takes a while to load.
const esbuild = isOld ? await import("esbuild") : undefined;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const url = packaged[found.url];
    return url === undefined ? found : { url, format: "module", shortCircuit: true };
  },
  load(url, context, next) {
    if (esbuild === undefined || !url.startsWith("file:") || !url.endsWith(".ts")) {
      return next(url, context);
    }
    const { code } = esbuild.transformSync(readFileSync(fileURLToPath(url), "utf8"), {
      loader: "ts",
      format: "esm",
      target: "node22.18",
      sourcemap: "inline",
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    return { format: "module", source: code, shortCircuit: true };
  },
});
