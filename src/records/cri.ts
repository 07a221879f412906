/**
 * Lines in the format of container runtimes (CRI): `2026-11-29T20:00:00.123456789Z stderr F text`.
 *
 * @module
 */

import { toTime } from "./time.ts";

/** A stream of a program. */
export type CriStream = "stdout" | "stderr";

/** What such a line says. */
export interface CriLine {
  /** When it was read from the program, in milliseconds since 1970, with a fraction. */
  time: number;
  /** Where the program has written it. */
  stream: CriStream;
  /** Whether it is only a part of a line, and not its last one. */
  isPart: boolean;
  /** Where the program's own text begins. */
  start: number;
}

/** The tag may have more to it, after a colon. */
const HEAD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[^ ]*)? /;

/** Takes a line apart; `undefined` if it is of another format. */
export function parseCri(text: string): CriLine | undefined {
  // Other text should cost no more than this.
  if (text[4] !== "-" || text[10] !== "T") return undefined;
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const time = toTime(match[1]);
  if (time === undefined) return undefined;
  return {
    time,
    stream: match[2] as CriStream,
    isPart: match[3] === "P",
    start: match[0].length,
  };
}
