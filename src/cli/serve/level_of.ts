/**
 * The level of an entry, whether it is a record or a plain line. Runs in the page, too.
 *
 * @module
 */

import { type LogLevel, toLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";

/** Where lines for people have their level: near their start, in capitals or in brackets. */
const IN_LINE =
  /(?:^|[\s[(<|=])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|\[(?:trace|debug|info|notice|warn|warning|error|critical|fatal)\])(?=$|[\s\])>|:,])/;
/** How far from the start, in characters. */
const NEAR = 80;

/** The level that a text has; `undefined` if it has none. */
export function levelOf(text: string): LogLevel | undefined {
  const record = recognizeRecord(text);
  return record === undefined ? levelOfLine(text) : record.level;
}

/** The level of a line that is no record. */
export function levelOfLine(text: string): LogLevel | undefined {
  const word = IN_LINE.exec(text.slice(0, NEAR))?.[1];
  return word === undefined ? undefined : toLevel(word.replace(/[[\]]/g, ""));
}
