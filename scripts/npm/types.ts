/** TypeScript programs that use the package, under each way to resolve modules. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { config, entries } from "./project.ts";
import type { Step } from "./stranger.ts";
import { thisExecutable } from "../runtimes.ts";
import { complaint } from "./workshop.ts";

interface Consumer {
  title: string;
  file: string;
  module: string;
  moduleResolution?: string;
  /** The error that is right here. */
  error?: string;
}

const CONSUMERS: readonly Consumer[] = [
  { title: "bundler", file: "types.ts", module: "esnext", moduleResolution: "bundler" },
  { title: "node16, ES modules", file: "types.mts", module: "node16" },
  { title: "nodenext, ES modules", file: "types.mts", module: "nodenext" },
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
    writeFileSync(folder + file, program(file.endsWith(".cts")));
  }
  return CONSUMERS.map(({ title, file, module, moduleResolution, error }) => ({
    title: `types: ${title}`,
    run() {
      const result = spawnSync(thisExecutable, [
        ...("Deno" in globalThis ? ["run", "-A"] : []),
        `${folder}node_modules/typescript/bin/tsc`,
        ..."--noEmit --strict --target es2022 --lib es2024,esnext.disposable --types node".split(
          " ",
        ),
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
function program(isCommonJs: boolean): string {
  const load = (name: string, path: string) =>
    isCommonJs ? `import ${name} = require("${path}");` : `import * as ${name} from "${path}";`;
  const library = entries.filter(({ subpath }) => subpath !== "./cli");
  const imports = library.map(({ subpath, name }) => load(name, config.name + subpath.slice(1)));
  return `${imports.join("\n")}
void [${library.map(({ name }) => name).join(", ")}];

export function use(writer: mod.ShmLogWriter, reader: mod.ShmLogReader): string | undefined {
  writer.write("text");
  const failed: boolean = new mod.OuroborosError("CLOSED", "x") instanceof Error;
  // @ts-expect-error numbers are no entries
  writer.write(1);
  const entry: mod.Entry | undefined = reader.read();
  return failed ? undefined : entry?.text;
}

export function next(memory: ffi.SharedMemory): number {
  return new Int32Array(memory.buffer)[0];
}
`;
}
