/** A program that uses the package, in one file with it. */

import { buildSync } from "esbuild";
import { config } from "../project.ts";

/** Without `await` at its top, which CommonJS does not know. Prints "hello". */
export const PROGRAM = `import { ShmLogReader, ShmLogWriter } from "${config.name}";
const name = "/ouroboros-bundled-" + process.pid;
const writer = ShmLogWriter.create(name, { unlinkOnClose: true, notify: true });
const reader = ShmLogReader.open(name);
setTimeout(() => writer.write("hello"), 20);
reader.follow().next().then(({ value }) => {
  console.log(value.text);
  reader.close();
  writer.close();
});
`;

/** Writes the program and all that it imports as one file into a folder with the package; gives its name. */
export function bundledProgram(folder: string, format: "cjs" | "esm"): string {
  const outfile = `program-${format}.${format === "cjs" ? "cjs" : "mjs"}`;
  buildSync({
    absWorkingDir: folder,
    stdin: { contents: PROGRAM, resolveDir: folder },
    outfile,
    bundle: true,
    platform: "node",
    format,
    logLevel: "error",
  });
  return outfile;
}
