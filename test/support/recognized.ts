/** Log records out of lines that must be such. */

import assert from "node:assert/strict";
import { recognizeRecord } from "../../src/records/recognize.ts";
import type { LogRecord } from "../../src/records/record.ts";

/** The record in a line; an error if there is none. */
export function recognized(line: string): LogRecord {
  const record = recognizeRecord(line);
  assert.ok(record, `not recognized: ${line}`);
  return { ...record, fields: { ...record.fields } };
}
