/** The sources as JavaScript modules with their types: a file a subpath, and files of what several share. */

import { isBuiltin } from "node:module";
import process from "node:process";
import { build, type InlineConfig, type TsdownPlugin } from "tsdown";
import { root } from "../runtimes.ts";
import { entries, packageOf } from "../project.ts";

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
  const { register, ...others } = Object.fromEntries(
    entries.map(({ name, source }) => [name, root + source]),
  );
  // No subpath leads to what a thread is started from.
  const watchdog_thread = `${root}src/sinks/watchdog_thread.ts`;
  await buildFiles(folder, { ...others, watchdog_thread }, built);
  // This is loaded before each program, so it is in one file of its own: a file more, and a builtin that
  // is imported, cost a millisecond or more.
  await buildFiles(folder, { register }, built, {
    deps: { neverBundle: (id, importer) => !isBuiltin(id) && isExternal(id, importer) },
    inputOptions: { treeshake: { propertyReadSideEffects: false } },
    plugins: [builtinsAsTheyAre, recorded(built)],
  });
  return built;
}

/** Builds some of the files. */
async function buildFiles(
  folder: string,
  entry: Record<string, string>,
  built: Bundle,
  more: InlineConfig = {},
): Promise<void> {
  await build({
    config: false,
    clean: false,
    cwd: root,
    entry,
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
      // What a shell needs, and JSR would take for a part of the module's documentation.
      banner: ({ name }) => name === "cli" ? "#!/usr/bin/env node" : "",
      comments: { jsdoc: false },
      // They seem to be in the package, and not beside others.
      sourcemapPathTransform: (path) => path.replace(/^(\.\.\/)+/, "../"),
    },
    plugins: [recorded(built)],
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
