/** Forgets a mapping without closing it: first all but a view, then the view. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";

const [kind, path] = process.argv.slice(2);

function makeView(): Uint8Array {
  const memory = kind === "MappedFile"
    ? MappedFile.create(path, 65536)
    : SharedMemory.create(path.replace("/dev/shm", ""), 65536);
  const view = new Uint8Array(memory.buffer, 100, 10);
  view.fill(7);
  return view;
}

const runtime = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };

async function collect(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    if (runtime.Bun !== undefined) runtime.Bun.gc(true);
    else runtime.gc?.();
    // Garbage of another kind, and time for the registry's callback.
    Array.from({ length: 1000 }, () => new Uint8Array(100));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const isMapped = () => readFileSync("/proc/self/maps", "utf8").includes(path);

const holder: { view?: Uint8Array } = { view: makeView() };
await collect();
console.log(holder.view?.every((byte) => byte === 7) ? "view lives" : "view is gone");
console.log(`mapped: ${isMapped()}`);
holder.view = undefined;
await collect();
console.log(`mapped: ${isMapped()}`);
