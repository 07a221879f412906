/** Makes what is larger than a file of this process may be, and says what comes of each. */

import process from "node:process";
import { MappedFile, PartialFile, SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogWriter } from "../../../mod.ts";
import { CircularBufferWriter } from "../../../src/circular/mod.ts";
import { EventLogWriter } from "../../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../../src/ring/mod.ts";
import { uniqueName } from "../../support/runtime.ts";

const [folder] = process.argv.slice(2);
const size = 1 << 29;
const path = `${folder}/large`;

function attempt(what: string, make: () => Disposable): void {
  try {
    make()[Symbol.dispose]();
    console.log(`${what}: made`);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.log(`${what}: ${code}: ${message}`);
  }
}

attempt("segment", () => SharedMemory.create(uniqueName(), size));
attempt(
  "segment without reserve",
  () => SharedMemory.create(uniqueName(), size, { reserve: false }),
);
attempt("file", () => MappedFile.create(path, size));
attempt("file without reserve", () => MappedFile.create(path, size, { reserve: false }));
attempt("partial file", () => PartialFile.create(path, size));
attempt("grown file", () => {
  using file = MappedFile.create(path, 4096);
  try {
    file.grow(size);
    return file;
  } finally {
    file.remove();
  }
});
attempt("log", () => ShmLogWriter.create(uniqueName(), { size }));
attempt("log in a file", () => ShmLogWriter.create({ path }, { size }));
attempt("ring", () => MemMapRingBuffer.open(path, size));
attempt("circular", () => {
  const names = { indexName: uniqueName(), dataName: uniqueName() };
  return CircularBufferWriter.open({ ...names, capacity: size, maxCapacity: size });
});
attempt("events", () => EventLogWriter.create(path, { capacity: size }));
attempt("default size", () => ShmLogWriter.create(uniqueName(), { unlinkOnClose: true }));
