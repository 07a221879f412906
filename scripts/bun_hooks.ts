/** Loaded by `bun --preload` before the tests of the npm package: gives it to them in place of the sources. */

import { plugin } from "bun";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a plugin of Bun gets: its package on npm has no types. */
interface Build {
  onLoad(
    of: { filter: RegExp },
    load: (file: { path: string }) => { contents: string; loader: string },
  ): void;
}

const packaged: Record<string, string> = JSON.parse(process.env.OUROBOROS_PACKAGED ?? "{}");

for (const [source, url] of Object.entries(packaged)) {
  const path = fileURLToPath(source).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const file = fileURLToPath(url);
  plugin({
    name: `packaged ${file}`,
    setup(build: Build) {
      build.onLoad({ filter: new RegExp(`^${path}$`) }, () => {
        const from = `from ${JSON.stringify(file)};`;
        const hasDefault = /\bas default\b|^export default\b/m.test(readFileSync(file, "utf8"));
        const contents = `export * ${from}\n${hasDefault ? `export { default } ${from}\n` : ""}`;
        return { contents, loader: "ts" };
      });
    },
  });
}
