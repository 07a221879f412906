/** TypeScript programs that use the package, under each way to resolve modules. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { config, type Entry, library } from "../project.ts";
import { thisRuntime } from "../runtimes.ts";
import { complaint, type Step } from "./workshop.ts";

interface Consumer {
  title: string;
  file: string;
  module: string;
  moduleResolution?: string;
  /** What the compiler knows and asks, if it is something else than usual. */
  options?: string;
  /** The error that is right here. */
  error?: string;
}

const USUAL = "--target es2022 --lib es2024,esnext.disposable --types node";
/** As strict as it gets, and without the types of Node: in this folder there are no others. */
const STRICTEST =
  "--target es2022 --lib es2022,dom --typeRoots dist --exactOptionalPropertyTypes " +
  "--noUncheckedIndexedAccess --noPropertyAccessFromIndexSignature --isolatedModules";

/** Subpaths with types of other packages, or of Node: those are not ours to be so strict with. */
const OF_OTHERS: readonly string[] = [
  "./logger",
  "./logtape",
  "./nats",
  "./otel",
  "./otlp",
  "./pino",
  "./winston",
];

const CONSUMERS: readonly Consumer[] = [
  { title: "bundler", file: "types.ts", module: "esnext", moduleResolution: "bundler" },
  { title: "node16, ES modules", file: "types.mts", module: "node16" },
  { title: "nodenext, ES modules", file: "types.mts", module: "nodenext" },
  {
    title: "strictest, types of a browser",
    file: "own.mts",
    module: "nodenext",
    options: STRICTEST,
  },
  { title: "node20, CommonJS", file: "types.cts", module: "node20" },
  { title: "nodenext, CommonJS", file: "types.cts", module: "nodenext" },
  // Node 16 itself could not require() an ES module; what this says is true.
  {
    title: "node16, CommonJS: has to import()",
    file: "types.cts",
    module: "node16",
    error: "TS1471",
  },
];

/** What their folder has beside the package and its peers. Deno would mix these types with its own. */
export const TYPE_PACKAGES: readonly string[] = ["typescript", "@types/node@26.6.6"];

/** The checks, in a folder with the package, its peers, TypeScript and the types of Node. */
export function typeSteps(folder: string): Step[] {
  for (const file of ["types.ts", "types.mts", "types.cts"]) {
    writeFileSync(folder + file, program(library, file.endsWith(".cts")));
  }
  const own = library.filter(({ subpath }) => !OF_OTHERS.includes(subpath));
  writeFileSync(`${folder}own.mts`, program(own, false));
  return CONSUMERS.map(({ title, file, module, moduleResolution, options = USUAL, error }) => ({
    title: `types: ${title}`,
    run() {
      const { path, run } = thisRuntime();
      const result = spawnSync(path, [
        ...run,
        `${folder}node_modules/typescript/bin/tsc`,
        ...`--noEmit --strict ${options}`.split(" "),
        "--module",
        module,
        ...(moduleResolution === undefined ? [] : ["--moduleResolution", moduleResolution]),
        file,
      ], { cwd: folder, encoding: "utf8", timeout: 120_000 });
      const codes = new Set([...result.stdout.matchAll(/error (TS\d+)/g)].map(([, code]) => code));
      const isRight = error === undefined
        ? result.status === 0
        : codes.size === 1 && codes.has(error);
      if (!isRight) throw new Error(complaint(result));
    },
  }));
}

/** One that uses every subpath, and a wrong use that must be an error: types that are any are no types. */
function program(some: readonly Entry[], isCommonJs: boolean): string {
  const load = (name: string, path: string) =>
    isCommonJs ? `import ${name} = require("${path}");` : `import * as ${name} from "${path}";`;
  const imports = some.map(({ subpath, name }) => load(name, config.name + subpath.slice(1)));
  return `${imports.join("\n")}
void [${some.map(({ name }) => name).join(", ")}];

export function use(writer: mod.ShmLogWriter, reader: mod.ShmLogReader): string | undefined {
  writer.write("text");
  const failed: boolean = new mod.OuroborosError("CLOSED", "x") instanceof Error;
  // @ts-expect-error numbers are no entries
  writer.write(1);
  const entry: mod.Entry | undefined = reader.read();
  return failed ? undefined : entry?.text;
}

export function next(memory: ffi.SharedMemory): number {
  return new Int32Array(memory.buffer).length;
}
`;
}
