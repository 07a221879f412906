/**
 * Entries as lines that collectors of OpenTelemetry read: `-o otlp`.
 *
 * @module
 */

import { hostname } from "node:os";
import { OtlpRecords, sourceResource } from "../../records/otlp_records.ts";
import { logsData } from "../../sinks/otlp_json.ts";
import type { EntryPrinter, Sink } from "./entry_format.ts";
import { harmlessJson } from "./harmless.ts";
import type { SourceObject } from "./received_log.ts";

/** Of how many logs what belongs to their records is kept. */
const MOST_LOGS = 1024;

/** What prints each entry as `LogsData`; `log` is the name of a single log. */
export function otlpPrinter(output: Sink, log: string | undefined): EntryPrinter {
  const host = hostname();
  const makers = new Map<string, OtlpRecords>();
  return ({ bytes, sequenceNumber }, _record, origin) => {
    const name = origin?.name ?? log ?? "";
    const received = origin?.source as (SourceObject & { seq?: number }) | null | undefined;
    const source = received
      ? { host: received.host, name: received.log, segment: received.segment }
      : { host, name };
    const key = Object.values(source).join("\n");
    let records = makers.get(key);
    if (records === undefined) {
      if (makers.size >= MOST_LOGS) makers.clear();
      makers.set(key, records = new OtlpRecords(sourceResource(source)));
    }
    const number = received?.seq ?? sequenceNumber;
    const record = records.ofEntry(bytes, { sequenceNumber: number, time: Date.now() });
    output.write(`${harmlessJson(logsData([record]))}\n`);
  };
}
