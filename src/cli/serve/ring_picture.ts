/**
 * The ring of a log as arcs of a circle.
 *
 * @module
 */

import type { ChunkInfo, LogInfo } from "../../log/inspect.ts";
import type { Arc, RingPicture } from "./messages.ts";

/** How many arcs the eye can tell apart. */
const MOST_ARCS = 96;

/** Makes the picture of what `inspect()` found. */
export function ringPicture(
  info: LogInfo,
  isWriterAlive: boolean,
  mostArcs: number = MOST_ARCS,
): RingPicture {
  const start = info.chunks.length > 0 ? info.segmentSize - info.chunkSize * info.chunkCount : 0;
  const scale = (offset: number) => clamp((offset - start) / (info.segmentSize - start));
  const current = info.chunks.find(({ state }) => state === "current");
  const perArc = Math.ceil(info.chunkCount / mostArcs);
  const arcs: Arc[] = [];
  for (let first = 0; first < info.chunkCount; first += perArc) {
    const group = info.chunks.slice(first, first + perArc);
    arcs.push(arcOf(group, first, info, current, scale));
  }
  settle(arcs);
  return {
    arcs,
    writer: current === undefined ? 0 : scale(current.offset + current.bytesUsed),
    next: current === undefined ? -1 : nextOf(arcs, Math.floor(current.index / perArc)),
    chunkCount: info.chunkCount,
    chunkSize: info.chunkSize,
    entries: info.entries,
    first: info.firstSequenceNumber,
    last: info.lastSequenceNumber,
    bytesUsed: info.bytesUsed,
    segmentSize: info.segmentSize,
    isWriterAlive,
    isFinished: info.isFinished,
    damage: info.damage.slice(0, 3),
  };
}

/**
 * What of the damage in one look at a log is still there in the next one: a chunk that the writer
 * invalidates during a look seems to be damaged in that.
 */
export function confirmDamage(before: LogInfo, now: LogInfo): LogInfo {
  const wasDamaged = (chunk: ChunkInfo) => {
    const { state, token, offset } = before.chunks[chunk.index];
    return state === "damaged" && token === chunk.token && offset === chunk.offset;
  };
  return {
    ...now,
    damage: now.damage.filter((line) => before.damage.includes(line)),
    chunks: now.chunks.map((chunk) =>
      chunk.state === "damaged" && !wasDamaged(chunk)
        ? { ...chunk, state: "overwritten" as const }
        : chunk
    ),
  };
}

/** One arc of chunks that are neighbors. */
function arcOf(
  group: ChunkInfo[],
  first: number,
  info: LogInfo,
  current: ChunkInfo | undefined,
  scale: (offset: number) => number,
): Arc {
  const live = group.filter(({ state }) => state === "full" || state === "current");
  const isDamaged = group.some(({ state }) => state === "damaged");
  // Where a chunk begins is known once it was begun; until then, where it would if all were equal.
  const from = live.length > 0 && live[0] === group[0]
    ? scale(live[0].offset)
    : first / info.chunkCount;
  const to = Math.min((first + group.length) / info.chunkCount, 1);
  const arc: Arc = { from, to, filled: from, age: -1, isDamaged };
  if (live.length === 0) return arc;
  const newest = live.reduce((best, chunk) => chunk.token > best.token ? chunk : best);
  const range = Math.max(info.lastSequenceNumber - info.firstSequenceNumber, 1);
  arc.age = clamp((info.lastSequenceNumber - newest.token - newest.entries) / range);
  arc.filled = live.includes(current as ChunkInfo) || newest === live.at(-1)
    ? scale(newest.offset + newest.bytesUsed)
    : to;
  return arc;
}

/** Lets each arc end where the next one begins. */
function settle(arcs: Arc[]): void {
  for (let i = 0; i < arcs.length; i++) {
    const arc = arcs[i];
    const next = arcs[i + 1];
    if (next !== undefined && next.from >= arc.from) arc.to = next.from;
    else arc.to = next === undefined ? 1 : Math.max(arc.to, arc.from);
    arc.filled = Math.min(Math.max(arc.filled, arc.from), arc.to);
  }
}

/** The first arc after the writer's that holds something. */
function nextOf(arcs: Arc[], writer: number): number {
  for (let step = 1; step < arcs.length; step++) {
    const index = (writer + step) % arcs.length;
    if (arcs[index].age >= 0) return index;
  }
  return -1;
}

function clamp(fraction: number): number {
  return Math.min(Math.max(fraction, 0), 1);
}
