/** Opens files by relative paths, goes elsewhere, and says what it finds: `wanderer.ts FOLDER ELSEWHERE`. */

import { existsSync } from "node:fs";
import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { MappedFile, PartialFile } from "../../../ffi/mod.ts";
import { CursorFile } from "../../../src/cli/files/cursor_file.ts";
import { EventLogReader, EventLogWriter } from "../../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../../src/ring/mod.ts";
import { StateFile } from "../../../src/ship/state_file.ts";
import { isWindows } from "../../support/platform.ts";

const [folder, elsewhere] = process.argv.slice(2);
process.chdir(folder);
const shape = { chunkSize: 4000, chunkCount: 2 };
// Windows removes nothing that is mapped.
const writer = ShmLogWriter.create({ path: "log" }, { ...shape, unlinkOnClose: !isWindows });
const reader = ShmLogReader.open({ path: "log" });
const opening = ShmLogReader.waitFor({ path: "later" }, { signal: AbortSignal.timeout(20_000) });
const events = EventLogWriter.create("events");
const eventReader = EventLogReader.open("events");
const ring = MemMapRingBuffer.open("ring", 1024);
const mapped = MappedFile.create("mapped", 4096);
const partial = PartialFile.create("partial", 4096);
const state = StateFile.open("state");
const cursor = new CursorFile("cursor");
process.chdir(elsewhere);

const found: Record<string, unknown> = { isReplaced: reader.isReplaced(), name: writer.name };
found.current = mapped.isCurrent();
await mapped.flushAsync();
await events.flushAsync();
found.paths = [events.path, eventReader.path, ring.path, mapped.path, partial.path];
partial.finish();
state.saveNow(1);
cursor.save(reader.position);
writer.close();
found.isGone = !existsSync(`${folder}/log`);
// The reader goes over to the one that is there now.
const again = ShmLogWriter.create({ path: `${folder}/log` }, shape);
found.reopened = reader.reopen();
const later = ShmLogWriter.create({ path: `${folder}/later` }, shape);
found.later = (await opening).name;
for (const open of [again, later, reader, events, eventReader, ring, mapped, state]) open.close();
console.log(JSON.stringify(found));
process.exit();
