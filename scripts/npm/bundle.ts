/** The sources as JavaScript modules: one file a subpath, and files for what several have in common. */

import { build, type Metafile, type Plugin, transform } from "esbuild";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { root } from "../runtimes.ts";
import { isExternal, packageOf } from "./dependencies.ts";
import { CLI, config, entries } from "./project.ts";

/** Node from 22.18 on; there `using` is no syntax yet. */
const TARGET = "node22.18";

/** Node shows the line of an error that nobody caught. */
const LINE_LIMIT = 120;

/** What was built. */
export interface Bundle {
  /** The files that only the command line needs. */
  cliFiles: Set<string>;
  /** Files that are started as workers, and not imported. */
  workers: string[];
  /** Packages that the library, or the command line, imports at run time. */
  imported: Set<string>;
  /** Folders of the packages that are built in. */
  builtIn: Set<string>;
}

/** Builds into a folder. */
export async function bundle(folder: string): Promise<Bundle> {
  const workers = workerSources();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      ...entries.map(({ name, source }) => ({ in: source, out: name })),
      // Beside the files that start them by their name.
      ...workers.map((source) => ({ in: source, out: basename(source, ".ts") })),
    ],
    outdir: folder,
    bundle: true,
    // Each class is there once, so that instanceof holds over all subpaths.
    splitting: true,
    format: "esm",
    platform: "node",
    target: TARGET,
    chunkNames: "shared-[hash]",
    sourcemap: "linked",
    // Names stay, for stack traces, profiles, and console.log of an object.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: LINE_LIMIT,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [onlyTheVersion, requiredBuiltins, externals],
  });
  const cliFiles = filesOfCli(metafile, folder, workers);
  for (const path of Object.keys(metafile.outputs)) {
    if (path.endsWith(".js")) restoreClassNames(join(folder, basename(path)));
  }
  for (const file of cliFiles) await shrink(join(folder, file), file === "cli.js");
  const built = Object.values(metafile.outputs);
  return {
    cliFiles,
    workers: workers.map((source) => basename(source, ".ts")),
    imported: new Set(
      built.flatMap(({ imports }) => imports)
        .filter(({ path, external }) => external && !isBuiltin(path) && !path.startsWith("bun:"))
        .map(({ path }) => packageOf(path)),
    ),
    builtIn: new Set(
      [...Object.keys(metafile.inputs), ...packagesOfPage()].filter((path) =>
        path.includes("node_modules/")
      ).map(
        packageFolder,
      ),
    ),
  };
}

/** The files that others start by `new URL("./NAME.js", import.meta.url)`. */
function workerSources(): string[] {
  const found = new Set<string>();
  for (const source of sources()) {
    const text = readFileSync(`${root}${source}`, "utf8");
    for (const [, name] of text.matchAll(/new URL\(\s*["'`]\.\/(\w+)\.[^)]*import\.meta\.url/g)) {
      const worker = join(dirname(source), `${name}.ts`);
      if (!existsSync(`${root}${worker}`)) {
        throw new Error(`${source} starts ${worker}, which is not there`);
      }
      found.add(worker);
    }
  }
  return [...found];
}

/** The files that the entries import, directly or not. */
function sources(): string[] {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(`${root}${file}`, "utf8");
    for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)) {
      visit(join(dirname(file), path));
    }
  };
  for (const { source } of entries) visit(source);
  return [...seen];
}

/** Paths of the packages in the page that the command line serves, which is built before. */
function packagesOfPage(): string[] {
  const folder = `${root}page/`;
  if (!existsSync(folder)) return [];
  const texts = readdirSync(folder).filter((file) => file.endsWith(".ts")).map((file) =>
    readFileSync(folder + file, "utf8")
  );
  return texts.flatMap((text) =>
    [...text.matchAll(/ from "([^".][^"]*)"/g)].map(([, name]) => `node_modules/${name}`)
  );
}

/** Of deno.json nothing but the version is anybody's business. */
const onlyTheVersion: Plugin = {
  name: "only the version",
  setup: (build) =>
    build.onLoad({ filter: /[\\/]deno\.json$/ }, () => ({
      contents: JSON.stringify({ version: config.version }),
      loader: "json",
    })),
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

/** The outputs that no other entry than the command line leads to. */
function filesOfCli(metafile: Metafile, folder: string, workers: string[]): Set<string> {
  const modules = entries.filter(({ subpath }) => subpath !== CLI).map(({ name }) => name);
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, external } of metafile.outputs[path].imports) {
      if (!external) visit(next);
    }
  };
  const outputOf = (name: string) =>
    relative(root, join(folder, `${name}.js`)).replaceAll("\\", "/");
  for (const name of [...modules, ...workers.map((source) => basename(source, ".ts"))]) {
    visit(outputOf(name));
  }
  return new Set(
    Object.keys(metafile.outputs).filter((path) => path.endsWith(".js") && !seen.has(path)).map((
      path,
    ) => basename(path)),
  );
}

/**
 * The names that classes had before bundling, which errors and `console.log` show. A class X that
 * speaks of itself has become `var X = class _X`; and of two that were called X one is X2.
 */
function restoreClassNames(path: string): void {
  let text = readFileSync(path, "utf8");
  // With as many characters as before, for the source map.
  for (const [, name] of text.matchAll(/\b(\w+)\s*=\s*class\s+_\1\b/g)) {
    text = text.replace(new RegExp(`(?<![.#\\w$])_${name}(?![\\w$])`, "g"), `${name} `);
  }
  const named = [...text.matchAll(/\b((\w+?)\d+)\s+as\s+\2\b/g)]
    .filter(([, local]) =>
      new RegExp(`\\b${local}\\s*=\\s*class\\b|\\bclass\\s+${local}\\b`).test(text)
    )
    .map(([, local, name]) => `Object.defineProperty(${local},"name",{value:"${name}"});`);
  text = text.replace(/(?=\n\/\/# sourceMappingURL=)/, named.join(""));
  writeFileSync(path, text);
}

/** A file of the command line: nobody steps through it. */
async function shrink(path: string, isProgram: boolean): Promise<void> {
  const text = readFileSync(path, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n");
  const { code } = await transform(text, {
    target: TARGET,
    format: "esm",
    minify: true,
    lineLimit: LINE_LIMIT,
    legalComments: "none",
  });
  writeFileSync(path, isProgram ? `#!/usr/bin/env node\n${code}` : code, {
    mode: isProgram ? 0o755 : 0o644,
  });
}

/** `…/node_modules/commander` of a path in it. */
function packageFolder(path: string): string {
  const end = path.lastIndexOf("node_modules/") + "node_modules/".length;
  return path.slice(0, end) + packageOf(path.slice(end));
}
