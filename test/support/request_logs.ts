/** Two logs, of a web service and of its database, and `tail` of them. */

import assert from "node:assert/strict";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "./cli.ts";

/** The time of the first entry. */
export const START: number = Date.UTC(2026, 10, 21, 13, 59, 30);

/** A record so many seconds after the first. */
export const line = (second: number, fields: object): string =>
  JSON.stringify({ level: 30, time: START + second * 1000, ...fields });

/** Makes the logs in a folder. */
export function requestLogs(folder: string) {
  const write = (name: string, lines: readonly string[]): string => {
    const path = `${folder}/${name}`;
    const size = { chunkSize: 65536, chunkCount: 4 };
    using writer = ShmLogWriter.create({ path }, { ...size, version: 2 });
    for (const line of lines) writer.write(line);
    writer.finish();
    return path;
  };
  return {
    /** Writes another log; gives its path. */
    write,
    /** Requests: each 5th fails, each takes as many milliseconds as its number. */
    web: write(
      "web.log",
      Array.from({ length: 20 }, (_, i) =>
        line(i, {
          level: i % 5 === 4 ? 50 : 30,
          msg: `request ${i}`,
          req: { method: i % 2 ? "POST" : "GET", url: `/pay/${i % 3}` },
          status: i % 5 === 4 ? 503 : 200,
          ms: i + 0.5,
        })),
    ),
    /** Between them, at each half second. */
    db: write(
      "db.log",
      Array.from({ length: 20 }, (_, i) => line(i + 0.5, { msg: `query ${i}` })),
    ),
  };
}

/** What `tail` prints, line by line; it has nothing to say beside that. */
export function tail(...args: string[]): string[] {
  const { stdout, stderr, code } = runCli(["tail", ...args]);
  assert.equal(stderr, "", args.join(" "));
  assert.equal(code, 0);
  return stdout.split("\n").slice(0, -1);
}

/** The messages of the entries that `tail` prints. */
export const messages = (...args: string[]): string[] =>
  tail(...args, "--fields", "msg", "-o", "text", "--no-prefix");
