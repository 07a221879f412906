/**
 * The level of an entry, whether it is a record or a plain line. Runs in the page, too.
 *
 * @module
 */

import { type LogLevel, toLevel } from "../../records/level.ts";
import type { LogRecord } from "../../records/record.ts";

/** Where lines for people have their level: near their start, in capitals or in brackets. */
const IN_LINE =
  /(?:^|[\s[(<|=])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|\[(?:trace|debug|info|notice|warn|warning|error|critical|fatal)\])(?=$|[\s\])>|:,])/;
/** How far from the start, in characters. */
const NEAR = 80;

/** The level of an entry: of the record that it is, or of its text; `undefined` if it has none. */
export function levelOf(record: LogRecord | undefined, text: string): LogLevel | undefined {
  if (record !== undefined) return record.level;
  const word = IN_LINE.exec(text.slice(0, NEAR))?.[1];
  return word === undefined ? undefined : toLevel(word.replace(/[[\]]/g, ""));
}
