/** Event logs written by the reference, with what they hold. */

import { readdirSync, readFileSync } from "node:fs";

export interface RinglogFixture {
  name: string;
  /** A fresh copy of the file at each call. */
  image(): ArrayBuffer;
  createdAt: number;
  eventCount: number;
  writeOffset: number;
  rejectedWrites: number;
  events: RinglogEvent[];
}

export interface RinglogEvent {
  timestamp: bigint;
  type: number;
  flags: number;
  reserved: number;
  payload: Uint8Array;
}

const folder = new URL("../fixtures/ringlog/", import.meta.url);

export function loadRinglog(): RinglogFixture[] {
  return readdirSync(folder).filter((file) => file.endsWith(".json")).sort().map((file) => {
    const name = file.slice(0, -5);
    const text = readFileSync(new URL(file, folder), "utf8");
    // Up to 2^64 - 1, which is too much for a number.
    const json = JSON.parse(text.replace(/"timestamp": (\d+)/g, '"timestamp": "$1"'));
    const bytes = readFileSync(new URL(`${name}.bin`, folder));
    return {
      name,
      image: () =>
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
      createdAt: json.created_at,
      eventCount: json.event_count,
      writeOffset: json.write_offset,
      rejectedWrites: json.rejected_writes,
      events: json.events.map((event: Record<string, string | number>) => {
        return {
          timestamp: BigInt(event.timestamp),
          type: event.event_type,
          flags: event.flags,
          reserved: event.reserved,
          payload: new Uint8Array(
            (String(event.payload_hex).match(/../g) ?? []).map((hex) => parseInt(hex, 16)),
          ),
        };
      }),
    };
  });
}
