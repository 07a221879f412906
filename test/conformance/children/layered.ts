/**
 * Reads a log of a lower layer, opened before anybody writes to it there, and says what it gets:
 * `layered.ts PATH`.
 */

import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";

const target = { path: process.argv[2] };
const found: Record<string, unknown> = {};
using reader = ShmLogReader.open(target);
using follower = ShmLogReader.open(target);
using pread = ShmLogReader.open(target, { copyMode: "pread" });
found.before = [...reader].map(({ text }) => text);
found.wasReplaced = reader.isReplaced();
const items = follower.follow({ onAbandoned: "reopen", signal: AbortSignal.timeout(20_000) });
const followed: (string | undefined)[] = [(await items.next()).value?.text];
// The first one who opens it to write makes a copy of it.
using writer = ShmLogWriter.create(target, { ifExists: "resume", chunkSize: 4000, chunkCount: 2 });
writer.write("second");
found.isReplaced = [reader.isReplaced(), pread.isReplaced()];
found.pread = [...pread].map(({ text }) => text);
found.reopened = reader.reopen();
found.after = [...reader].map(({ text }) => text);
found.numbers = [reader.lastSequenceNumber, reader.lostEntries];
found.isReplacedAfter = reader.isReplaced();
followed.push((await items.next()).value?.text);
found.followed = followed;
found.current = !writer.isReplaced();
console.log(JSON.stringify(found));
process.exit();
