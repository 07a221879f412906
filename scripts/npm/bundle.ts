/** The sources as JavaScript modules: one file a subpath, and files for what several have in common. */

import { build, type Metafile } from "esbuild";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { root } from "../runtimes.ts";
import { withClassNames } from "./class_names.ts";
import { packageOf } from "./dependencies.ts";
import { mangled } from "./mangle.ts";
import { plugins } from "./plugins.ts";
import { CLI, entries } from "./project.ts";
import { withShortImports } from "./short_imports.ts";

/** Node from 22.18 on; there `using` is no syntax yet. */
const TARGET = "node22.18";

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
    sourcemap: "external",
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins,
  });
  const cliFiles = filesOfCli(metafile, folder, workers);
  const outputs = Object.keys(metafile.outputs).filter((path) => path.endsWith(".js"));
  // The names of classes are theirs, whatever the variables are called.
  const functions = entries.flatMap(({ name }) =>
    metafile.outputs[pathOfOutput(folder, `${name}.js`)].exports
  ).filter((name) => /^[a-z]/.test(name));
  const texts = withShortImports(
    new Map(outputs.map((path) => [basename(path), readFileSync(join(root, path), "utf8")])),
    (file) => metafile.outputs[pathOfOutput(folder, file)].entryPoint === undefined,
  );
  for (const [file, text] of texts) {
    const isCli = cliFiles.has(file);
    await shorten(join(folder, file), text, { functions, isCli, isProgram: file === "cli.js" });
  }
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
  const folder = `${root}src/cli/serve/page/`;
  const texts = readdirSync(folder).filter((file) => file.endsWith(".ts")).map((file) =>
    readFileSync(folder + file, "utf8")
  );
  return texts.flatMap((text) =>
    [...text.matchAll(/ from "([^".][^"]*)"/g)].map(([, name]) => `node_modules/${name}`)
  );
}

/** The key of a file among the outputs. */
function pathOfOutput(folder: string, file: string): string {
  return relative(root, join(folder, file)).replaceAll("\\", "/");
}

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
  for (const name of [...modules, ...workers.map((source) => basename(source, ".ts"))]) {
    visit(pathOfOutput(folder, `${name}.js`));
  }
  return new Set(
    Object.keys(metafile.outputs).filter((path) => path.endsWith(".js") && !seen.has(path)).map((
      path,
    ) => basename(path)),
  );
}

/** What is to be known of a file to make it short. */
interface FileKind {
  /** The functions that the package exports. */
  functions: readonly string[];
  /** Whether it belongs to the command line, which nobody steps through: it needs no source map. */
  isCli: boolean;
  isProgram: boolean;
}

/** Makes a file of the bundle short. */
async function shorten(path: string, text: string, kind: FileKind): Promise<void> {
  const { functions, isCli, isProgram } = kind;
  const map = isCli ? undefined : readFileSync(`${path}.map`, "utf8");
  const result = await mangled(withClassNames(text), { map, exported: functions });
  rmSync(`${path}.map`);
  if (result.map !== undefined) writeFileSync(`${path}.map`, withOwnSources(result.map));
  const first = isProgram ? "#!/usr/bin/env node\n" : "";
  const last = isCli ? "" : `\n//# sourceMappingURL=${basename(path)}.map`;
  writeFileSync(path, `${first}${result.code}${last}\n`, { mode: isProgram ? 0o755 : 0o644 });
}

/** A source map whose sources, which it has in it, seem to be in the package, and not beside others. */
function withOwnSources(map: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({ ...rest, sources: sources.map((path) => path.replace("../../", "")) });
}

/** `…/node_modules/commander` of a path in it. */
function packageFolder(path: string): string {
  const end = path.lastIndexOf("node_modules/") + "node_modules/".length;
  return path.slice(0, end) + packageOf(path.slice(end));
}
