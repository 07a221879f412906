/** TypeScript with today's syntax for runtimes that know neither. */

import { transformSync } from "esbuild";

/** JavaScript for Node 22. */
export function lowered(source: string): string {
  return transformSync(source, {
    loader: "ts",
    format: "esm",
    target: "node22.18",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  }).code;
}
