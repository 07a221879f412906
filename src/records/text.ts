/**
 * Lines of text that begin with a time and a level, as LogTape's text format and `captureConsole` have
 * them: `2026-11-21 13:59:30.229 +00:00 [INF] app·db: connected`.
 *
 * @module
 */

import { toLevel } from "./level.ts";
import type { LogRecord } from "./record.ts";
import { toTime } from "./time.ts";

const HEAD =
  /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?) \[ *(\w{1,9}) *\] /;

/** The record in such a line; the rest of it is the message. */
export function textRecord(text: string): LogRecord | undefined {
  // Other text should cost no more than this.
  if (text[4] !== "-" || text[7] !== "-") return undefined;
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const time = toTime(match[1]);
  const level = toLevel(match[2]);
  if (time === undefined || level === undefined) return undefined;
  const message = text.slice(match[0].length);
  return { time, level, message, logger: undefined, fields: Object.create(null) };
}
