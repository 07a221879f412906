/** Logs whose lines say when they were written. */

import { after } from "node:test";
import { ShmLogWriter } from "../../mod.ts";

/** A line of that time, in seconds. */
export const line = (time: number, text: string): string =>
  JSON.stringify({ level: 30, time: 1_700_000_000_000 + 1000 * time, msg: text });

/** The texts of lines. */
export const messages = (lines: string): string[] =>
  [...lines.matchAll(/"msg":"([^"]*)"/g)].map(([, msg]) => msg);

/** Gives what makes logs with these texts, of the times 1, 2, … seconds. They are closed when the tests have ended. */
export function logMaker(): (
  name: string,
  texts?: readonly [time: number, text: string][],
) => ShmLogWriter {
  const open: ShmLogWriter[] = [];
  after(() => open.forEach((writer) => writer.close()));
  return (name, texts = []) => {
    const shape = { chunkSize: 16384, chunkCount: 4, unlinkOnClose: true };
    const writer = ShmLogWriter.create(name, shape);
    for (const [time, text] of texts) writer.write(line(time, text));
    open.push(writer);
    return writer;
  };
}
