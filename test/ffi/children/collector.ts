/** Forgets mappings without closing them: first all but a view of each kind, then the views. */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";

const [kind, path] = process.argv.slice(2);

/** What can keep a buffer alive, each with a way to read byte 100. */
const makers: ((buffer: ArrayBuffer) => () => number)[] = [
  (buffer) => readerOf(new Uint8Array(buffer, 100, 10), (view) => view[0]),
  (buffer) => readerOf(new Uint8Array(buffer).subarray(100), (view) => view[0]),
  (buffer) => readerOf(new BigInt64Array(buffer), (view) => Number(view[12] >> 32n) & 0xff),
  (buffer) => readerOf(new DataView(buffer), (view) => view.getUint8(100)),
  (buffer) => readerOf(Buffer.from(buffer), (view) => view[100]),
  (buffer) => readerOf(Buffer.from(buffer).subarray(50), (view) => view[50]),
  (buffer) => readerOf(new Uint8Array(new DataView(buffer).buffer), (view) => view[100]),
];

function readerOf<T>(view: T, read: (view: T) => number): () => number {
  return () => read(view);
}

/** Which object is mapped: it got its name when it was complete, so that /proc has none for it. */
const inodes: string[] = [];

function makeReaders(): (() => number)[] {
  return makers.map((make, i) => {
    const memory = kind === "MappedFile"
      ? MappedFile.create(path + i, 65536)
      : SharedMemory.create((path + i).replace("/dev/shm", ""), 65536);
    new Uint8Array(memory.buffer)[100] = 7;
    inodes.push(String(memory.identity.inode));
    unlink(path + i);
    return make(memory.buffer);
  });
}

function unlink(path: string): void {
  if (kind === "MappedFile") MappedFile.unlink(path);
  else SharedMemory.unlink(path.replace("/dev/shm", ""));
}

const runtime = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };

/** Collects garbage a few times, and then until `isDone`, if that ever comes. */
async function collect(isDone: () => boolean): Promise<void> {
  for (let i = 0; i < 20 || i < 1000 && !isDone(); i++) {
    if (runtime.Bun !== undefined) runtime.Bun.gc(true);
    else runtime.gc?.();
    // Garbage of another kind, and time for the registry's callback.
    Array.from({ length: 1000 }, () => new Uint8Array(100));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const mapped = () => {
  const maps = readFileSync("/proc/self/maps", "utf8").split("\n");
  const all = new Set(maps.map((line) => line.split(/\s+/)[4]));
  return inodes.filter((inode) => all.has(inode)).length;
};

const holder: { readers: (() => number)[] } = { readers: makeReaders() };
await collect(() => true);
console.log(holder.readers.every((read) => read() === 7) ? "views live" : "views are gone");
console.log(`mapped: ${mapped() === makers.length ? "all" : mapped()}`);
holder.readers = [];
// An engine that looks for addresses on its stack may take old ones for what is in use, for a while.
await collect(() => mapped() === 0);
console.log(`mapped: ${mapped() === 0 ? "none" : mapped()}`);
