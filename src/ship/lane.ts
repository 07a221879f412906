/**
 * What is forwarded where.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { MessageEncoder } from "./carriers/nats/message_encoder.ts";
import { segmentWord } from "./message.ts";
import type { Lane } from "./out_message.ts";

/** The segment that a reader reads, with what makes its messages. */
export function laneOf(
  reader: ShmLogReader,
  host: string,
  subject: string,
  order: number = 0,
  rewinds: number = 0,
): Lane {
  const { device, inode, created } = reader.position;
  const identity = { device, inode, created };
  // What has other entries under the same numbers is another source.
  const segment = segmentWord({ ...identity, created: created + rewinds });
  const source = { host, name: reader.name, segment };
  return { identity, encoder: new MessageEncoder(source, subject), order, rewinds };
}

/** What is forwarded where, as a short word: a state file is of that. */
export function routeOf(stream: string, subject: string, { source }: MessageEncoder): string {
  // The template, not what becomes of it: that may change with the segment.
  return crc32(JSON.stringify([stream, subject, source.host, source.name])).toString(16);
}
