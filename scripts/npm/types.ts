/** TypeScript programs that use the package, under each way to resolve modules. */

import { writeFileSync } from "node:fs";
import { config, type Entry, library } from "../project.ts";
import { thisRuntime } from "../runtimes.ts";
import { output, type Step } from "./workshop.ts";

const USUAL = "--target es2022 --lib es2024,esnext.disposable --types node";
/** As strict as it gets, and without the types of Node: in this folder there are no others. */
const STRICTEST =
  "--target es2022 --lib es2022,dom --typeRoots dist --exactOptionalPropertyTypes " +
  "--noUncheckedIndexedAccess --noPropertyAccessFromIndexSignature --isolatedModules";

/** Subpaths with types of other packages, or of Node: those are not ours to be so strict with. */
const OF_OTHERS = /^\.\/(logger|logtape|nats|otel|otlp|pino|winston)$/;

/** What is compiled with which options; and the error that is right there. */
const SETUPS: Record<string, [file: string, options: string, error?: string]> = {
  "bundler": ["types.ts", `${USUAL} --module esnext --moduleResolution bundler`],
  "node16, ES modules": ["types.mts", `${USUAL} --module node16`],
  "nodenext, ES modules": ["types.mts", `${USUAL} --module nodenext`],
  "strictest, types of a browser": ["own.mts", `${STRICTEST} --module nodenext`],
  "node20, CommonJS": ["types.cts", `${USUAL} --module node20`],
  "nodenext, CommonJS": ["types.cts", `${USUAL} --module nodenext`],
  // Node 16 itself could not require() an ES module; what this says is true.
  "node16, CommonJS: has to import()": ["types.cts", `${USUAL} --module node16`, "TS1471"],
};

/** What their folder has beside the package and its peers. Deno would mix these types with its own. */
export const TYPE_PACKAGES: readonly string[] = ["typescript", "@types/node@26.6.6"];

/** The checks, in a folder with the package, its peers, TypeScript and the types of Node. */
export function typeSteps(folder: string): Step[] {
  for (const file of ["types.ts", "types.mts", "types.cts"]) {
    writeFileSync(folder + file, program(library, file.endsWith(".cts")));
  }
  const own = library.filter(({ subpath }) => !OF_OTHERS.test(subpath));
  writeFileSync(`${folder}own.mts`, program(own, false));
  return Object.entries(SETUPS).map(([title, [file, options, error]]) => ({
    title: `types: ${title}`,
    run() {
      const { path, run } = thisRuntime();
      const tsc = `${folder}node_modules/typescript/bin/tsc`;
      const args = [...run, tsc, ...`--noEmit --strict ${options} ${file}`.split(" ")];
      let said = "";
      try {
        output(path, args, { cwd: folder, timeout: 120_000 });
      } catch (complaint) {
        said = (complaint as Error).message;
      }
      const codes = new Set([...said.matchAll(/error (TS\d+)/g)].map(([, code]) => code));
      const isRight = error === undefined ? said === "" : [...codes].join() === error;
      if (!isRight) throw new Error(said || `tsc finds no ${error}`);
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
