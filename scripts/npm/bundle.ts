/** The sources as JavaScript modules with their types: a file a subpath, and files of what several share. */

import { isBuiltin } from "node:module";
import process from "node:process";
import { build, type InlineConfig, type TsdownPlugin } from "tsdown";
import { root } from "../runtimes.ts";
import { config, entries, type Entry, packageOf } from "../project.ts";

/** Loaded when it is needed, if it is there: Node needs it before 26.9. */
export const OPTIONAL: readonly string[] = ["koffi"];

/** What the logger needs to write pino's lines: small, without dependencies of their own, and pino's own. */
export const DEPENDENCIES: readonly string[] = [
  "@pinojs/redact",
  "pino-std-serializers",
  "quick-format-unescaped",
  "safe-stable-stringify",
];

/**
 * What only the command line needs is built into it, so that no other package comes with this one. What
 * users of a subpath have anyway, or what is large and used by one command only, is an optional peer.
 */
const BUILT_IN = /[\\/]src[\\/](?:cli|records)[\\/]|[\\/]node_modules[\\/]/;
const NEVER_BUILT_IN: readonly string[] = [
  ...OPTIONAL,
  ...DEPENDENCIES,
  "bun",
  "ink",
  "react",
  "@modelcontextprotocol/sdk",
  "@nats-io/jetstream",
  "@nats-io/transport-node",
  "@opentelemetry/otlp-transformer",
];

/**
 * What is loaded before each program, in one file of its own: a file more, and a builtin that is
 * imported, cost a millisecond or more.
 */
const LOADED_FIRST = "register";
/** What a thread is started from, which no subpath leads to. */
const THREADS: readonly Entry[] = [{
  subpath: "",
  name: "watchdog_thread",
  source: "src/sinks/watchdog_thread.ts",
}];

/** What was built. */
export interface Bundle {
  /** Packages that are imported at run time, or whose types are. */
  imported: Set<string>;
  /** Folders of the packages that are built in. */
  builtIn: Set<string>;
}

/** Builds into a folder. */
export async function bundle(folder: string): Promise<Bundle> {
  // The page, which is built before, draws its charts with uPlot.
  const built: Bundle = { imported: new Set(), builtIn: new Set([`${root}node_modules/uplot`]) };
  const isLoadedFirst = ({ name }: Entry) => name === LOADED_FIRST;
  await buildFiles(
    folder,
    [...THREADS, ...entries.filter((entry) => !isLoadedFirst(entry))],
    built,
  );
  await buildFiles(folder, entries.filter(isLoadedFirst), built, {
    deps: { neverBundle: (id, importer) => !isBuiltin(id) && isExternal(id, importer) },
    inputOptions: { treeshake: { propertyReadSideEffects: false } },
    plugins: [onlyTheVersion, builtinsAsTheyAre, recorded(built)],
  });
  return built;
}

/** Builds some of the files. */
async function buildFiles(
  folder: string,
  some: readonly Entry[],
  built: Bundle,
  more: InlineConfig = {},
): Promise<void> {
  await build({
    config: false,
    clean: false,
    cwd: root,
    entry: Object.fromEntries(some.map(({ name, source }) => [name, root + source])),
    outDir: folder,
    format: "esm",
    platform: "node",
    // Node from 22.18 on; there `using` is no syntax yet.
    target: "node22.18",
    dts: true,
    sourcemap: true,
    outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
    logLevel: "error",
    deps: { neverBundle: isExternal, onlyBundle: false },
    // What has a `Symbol.dispose` needs types that a consumer's `lib` may not have.
    banner: { dts: '/// <reference lib="esnext.disposable" />' },
    // Nothing is renamed, for stack traces. What comments say is in the types and the source maps.
    outputOptions: {
      comments: { jsdoc: false },
      // They seem to be in the package, and not beside others.
      sourcemapPathTransform: (path) => path.replace(/^(\.\.\/)+/, "../"),
    },
    plugins: [onlyTheVersion, program, recorded(built)],
    ...more,
  });
}

function isExternal(id: string, importer: string | undefined): boolean {
  if (id.startsWith(".") || id.startsWith("/") || importer === undefined) return false;
  const name = packageOf(id);
  // What `using` becomes for Node 22.
  if (name === "@oxc-project/runtime") return false;
  return isBuiltin(id) || id.startsWith("bun:") || NEVER_BUILT_IN.includes(name) ||
    !BUILT_IN.test(importer);
}

/** Of deno.json nothing but the version is anybody's business. */
const onlyTheVersion: TsdownPlugin = {
  name: "only the version",
  load: {
    filter: { id: /[\\/]deno\.json$/ },
    handler: () => ({ code: JSON.stringify({ version: config.version }), moduleType: "json" }),
  },
};

/**
 * Builtins without `import`: that makes modules of them by reading all that they have, which starts what
 * is started when somebody asks for it, `process.stdout` for instance.
 */
const builtinsAsTheyAre: TsdownPlugin = {
  name: "builtins as they are",
  resolveId: (id) => isBuiltin(id) ? `\0${id}` : null,
  load: {
    filter: { id: /^\0node:/ },
    handler(path) {
      const id = path.slice(1);
      const names = Object.keys(process.getBuiltinModule(id) ?? {})
        .filter((name) => /^[\w$]+$/.test(name) && name !== "default");
      const exports = names.map((name) => `export const ${name} = builtin.${name};`);
      return `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(id)});
        export default builtin;
        ${exports.join("\n")}`;
    },
  },
};

/** What a shell needs, and JSR would take for a part of the module's documentation. */
const program: TsdownPlugin = {
  name: "program",
  // In place of an empty line, so that the source map stays true.
  renderChunk: (code, { name }) =>
    name === "cli" ? code.replace(/^\n?/, "#!/usr/bin/env node\n") : null,
};

/** Writes down what the files import, and what of other packages is in them. */
function recorded({ imported, builtIn }: Bundle): TsdownPlugin {
  return {
    name: "recorded",
    generateBundle(_options, files) {
      for (const file of Object.values(files)) {
        if (file.type !== "chunk") continue;
        for (const path of [...file.imports, ...file.dynamicImports]) {
          const isPackage = !(path in files) && !isBuiltin(path) && !path.startsWith("bun:");
          if (isPackage) imported.add(packageOf(path));
        }
        for (const path of Object.keys(file.modules)) {
          const [, of, inside] = /^(.*node_modules[\\/])(.*)$/.exec(path) ?? [];
          if (of !== undefined) builtIn.add(of + packageOf(inside.replaceAll("\\", "/")));
        }
      }
    },
  };
}
