/**
 * Reports files that were cut off: by a copy that did not end, or a disk that was full.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import { cutOffInWords, cutOffOf } from "../../log/cut_off.ts";
import { fence, sourceOf } from "../../log/native/source.ts";
import { describeTarget, type LogTarget, openMemory } from "../../log/native/target.ts";
import { UnpackedFile } from "../../log/native/unpacked_file.ts";
import { Segment } from "../../log/segment.ts";
import { lacksSources } from "../../ship/collection.ts";
import { NamedLogs } from "../options/named_logs.ts";
import { warn } from "../output/warn.ts";

/** Says of each file that was cut off what is missing; names may be patterns. What is there can be read. */
export function sayCutOff(targets: readonly LogTarget[]): void {
  for (const target of new NamedLogs(targets).find()) {
    const missing = missingOf(target);
    if (missing !== undefined) warn(`${describeTarget(target)}: ${missing}`);
  }
}

/** What is missing of a file in words, if something shows that it was cut off. */
export function missingOf(target: LogTarget): string | undefined {
  if (typeof target === "string") return undefined;
  try {
    using memory = openMemory(target, "read");
    // A writer makes its file in full size; and a compressed one that is damaged was reported.
    if (memory.isLocked() || (memory instanceof UnpackedFile && memory.isDamaged)) return undefined;
    const source = sourceOf(memory, target, "auto");
    source.guard?.();
    const segment = new Segment(source.buffer, source.load);
    const cutOff = cutOffOf(segment, fence);
    if (cutOff !== undefined) {
      // Only these may be of several logs.
      const names = segment.version === 1 ? ". So are names of logs, if it had several" : "";
      return `${cutOffInWords(cutOff)}${names}`;
    }
    return lacksSources(memory, source)
      ? "its end is missing or damaged, which said from which log each entry is"
      : undefined;
  } catch (error) {
    // Of another kind, not there, or not for us: the command says so.
    if (error instanceof OuroborosError || error instanceof RangeError) return undefined;
    throw error;
  }
}
