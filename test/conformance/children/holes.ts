/** Takes over files with holes on a file system of 1 MiB that is full: says in one line what came of it. */

import process from "node:process";
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { OuroborosError, ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { CircularBufferWriter } from "../../../src/circular/mod.ts";
import { EventLogWriter } from "../../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../../src/ring/mod.ts";

const [folder, kind] = process.argv.slice(2);
const isShared = kind === "name";
const path = (name: string) => `${folder}/${name}`;
const target = (name: string) => isShared ? name : { path: path(name) };
const options = { chunkSize: 1 << 16, chunkCount: 4, unlinkOnClose: false };
const spec = { indexName: "index", dataName: "data", capacity: 200_000 };
const payload = new Uint8Array(10_000).fill(1);

/** A copy with holes, as a backup gives it back. */
function pierce(name: string): void {
  const bytes = readFileSync(path(name));
  rmSync(path(name));
  const file = openSync(path(name), "w", 0o600);
  // What is in use is one page.
  writeSync(file, bytes, 0, Math.min(4096, bytes.length), 0);
  ftruncateSync(file, bytes.length);
  closeSync(file);
}

interface Kind {
  open(): { write(): void; close(): void };
  files: string[];
}

const log: Kind = {
  files: ["log"],
  open() {
    const writer = ShmLogWriter.create(target("log"), {
      ...options,
      ifExists: "resume",
    });
    return { write: () => writer.write(payload), close: () => writer.close() };
  },
};
const circular: Kind = {
  files: ["index", "data"],
  open() {
    const writer = CircularBufferWriter.open(spec);
    return { write: () => writer.write(payload), close: () => writer.close() };
  },
};
const ring: Kind = {
  files: ["ring"],
  open() {
    const opened = MemMapRingBuffer.open(path("ring"), 200_000);
    return { write: () => opened.put(payload), close: () => opened.close() };
  },
};
const events: Kind = {
  files: ["events"],
  open() {
    const writer = EventLogWriter.open(path("events"));
    return {
      write: () => writer.writeEvent({ timestamp: 1, type: 1 }, payload),
      close: () => writer.close(),
    };
  },
};

{
  using writer = ShmLogWriter.create(target("log"), { ...options });
  // To the end of the page: what comes next is in a hole.
  writer.write(new Uint8Array(4096 - 80 - 4));
}
if (isShared) {
  // One that was killed leaves the segments.
  const left = CircularBufferWriter.open(spec);
  const images = circular.files.map((name) => readFileSync(path(name)));
  left.close();
  circular.files.forEach((name, i) => writeFileSync(path(name), images[i], { mode: 0o600 }));
} else {
  MemMapRingBuffer.open(path("ring"), 200_000).close();
  EventLogWriter.create(path("events"), { capacity: 200_000 }).close();
}
const kinds = isShared ? { log, circular } : { log, ring, events };
for (const { files } of Object.values(kinds)) for (const name of files) pierce(name);

/** Writes more than there is room for. */
function attempt({ open }: Kind): string {
  try {
    const opened = open();
    for (let i = 0; i < 15; i++) opened.write();
    opened.close();
    return "written";
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return error.code;
  }
}

try {
  for (let i = 0;; i++) writeFileSync(path("filler"), payload.subarray(0, 4096), { flag: "a" });
} catch {
  // Full.
}
const said: string[] = [];
{
  // The first lap of a program that reserves nothing.
  using reader = ShmLogReader.open(target("log"), { copyMode: "auto", strategy: "oldest" });
  said.push(`read ${[...reader].length} of ${reader.inspect().entries}`);
}
for (const [name, one] of Object.entries(kinds)) said.push(`${name} ${attempt(one)}`);
rmSync(path("filler"));
for (const [name, one] of Object.entries(kinds)) said.push(`then ${name} ${attempt(one)}`);
using reader = ShmLogReader.open(target("log"));
said.push(`entries ${[...reader].length}`);
console.log(said.join(", "));
