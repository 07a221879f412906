/** Options that are not known, or of the wrong type: an error that says which, and what is meant. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import {
  inspect,
  Reader,
  saveLog,
  ShmLogReader,
  ShmLogWriter,
  snapshot,
  verify,
  Writer,
} from "../../mod.ts";
import { MappedFile, NamedSemaphore, PartialFile, SharedMemory } from "../../ffi/mod.ts";
import { EventLogReader, EventLogWriter, EventReader, EventWriter } from "../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../src/ring/mod.ts";
import { forward, NatsLink, receive, receiveInto } from "../../src/ship/carriers/nats/mod.ts";
import { nearest } from "../../src/base/options.ts";
import {
  CircularBufferReader,
  CircularBufferWriter,
  CircularReader,
  CircularWriter,
} from "../../src/circular/mod.ts";
import { captureConsole } from "../../src/sinks/console.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { EntrySink } from "../../src/sinks/mod.ts";
import { ShmLogRecordExporter } from "../../src/sinks/otel.ts";
import shmTransport, { shmDestination } from "../../src/sinks/pino.ts";
import { ShmTransport } from "../../src/sinks/winston.ts";

const NAME = `/misuse-options-${process.pid}`;
const SPEC = { indexName: `${NAME}-index`, dataName: `${NAME}-data`, capacity: 1000 };
const folder = mkdtempSync(join(tmpdir(), "misuse-options-"));
const path = join(folder, "file");

function emptyLog(): ArrayBuffer {
  const memory = new ArrayBuffer(4096);
  Writer.create(memory, { chunkCount: 4 });
  return memory;
}

const log = ShmLogWriter.create(NAME, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 2 });
const reader = ShmLogReader.open(NAME);
const events = EventLogWriter.create(join(folder, "events"));
const eventReader = EventLogReader.open(join(folder, "events"));
test.after(() => {
  reader.close();
  log.close();
  eventReader.close();
  events.close();
  rmSync(folder, { recursive: true });
});

/** All that takes options; nothing of it is made where they are wrong. */
// deno-lint-ignore no-explicit-any
const makers: Record<string, (options: any) => unknown> = {
  "Writer.create()": (options) => Writer.create(new ArrayBuffer(4096), options),
  "Writer.resume()": (options) => Writer.resume(emptyLog(), options),
  "Reader": (options) => new Reader(emptyLog(), options),
  "inspect()": (options) => inspect(emptyLog(), options),
  "verify()": (options) => verify(emptyLog(), options),
  "snapshot()": (options) => snapshot(emptyLog(), options),
  "ShmLogWriter": (options) => ShmLogWriter.create(`${NAME}-other`, options),
  "ShmLogReader": (options) => ShmLogReader.open(NAME, options),
  "ShmLogReader.waitFor()": (options) => ShmLogReader.waitFor(NAME, options),
  "follow()": (options) => reader.follow(options),
  "followBatches()": (options) => reader.followBatches(options),
  "readable()": (options) => reader.readable(options),
  "saveLog()": (options) => saveLog(NAME, path, options),
  "EventWriter.create()": (options) => EventWriter.create(new ArrayBuffer(4096), options),
  "EventWriter.open()": (options) => EventWriter.open(new ArrayBuffer(4096), options),
  "EventWriter.recover()": (options) => EventWriter.recover(new ArrayBuffer(4096), options),
  "EventReader": (options) => new EventReader(new ArrayBuffer(4096), options),
  "EventLogWriter.create()": (options) => EventLogWriter.create(path, options),
  "EventLogWriter.open()": (options) => EventLogWriter.open(path, options),
  "EventLogWriter.recover()": (options) => EventLogWriter.recover(path, options),
  "follow() of events": (options) => eventReader.follow(options),
  "MemMapRingBuffer": (options) => MemMapRingBuffer.open(path, 1000, options),
  "CircularWriter": (options) => {
    return new CircularWriter(new ArrayBuffer(512), new ArrayBuffer(2000), options);
  },
  "CircularReader": (options) => {
    return new CircularReader(new ArrayBuffer(512), new ArrayBuffer(2000), options);
  },
  "CircularBufferWriter": (options) => CircularBufferWriter.open(SPEC, options),
  "CircularBufferReader": (options) => CircularBufferReader.open(SPEC, options),
  "CircularBufferSpec": (options) => CircularBufferWriter.open({ ...SPEC, ...options }),
  "SharedMemory.create()": (options) => SharedMemory.create(`${NAME}-other`, 100, options),
  "SharedMemory.open()": (options) => SharedMemory.open(NAME, options),
  "MappedFile.create()": (options) => MappedFile.create(path, 100, options),
  "MappedFile.open()": (options) => MappedFile.open(path, options),
  "PartialFile.create()": (options) => PartialFile.create(path, 100, options),
  "NamedSemaphore": (options) => new NamedSemaphore(`${NAME}-other`, options),
  "EntrySink": (options) => new EntrySink({ target: `${NAME}-other`, ...options }),
  "getShmSink()": (options) => getShmSink({ target: `${NAME}-other`, ...options }),
  "captureConsole()": (options) => captureConsole({ target: `${NAME}-other`, ...options }),
  "shmDestination()": (options) => shmDestination({ target: `${NAME}-other`, ...options }),
  "shmTransport()": (options) => shmTransport({ target: `${NAME}-other`, ...options }),
  "ShmTransport": (options) => new ShmTransport({ target: `${NAME}-other`, ...options }),
  "ShmLogRecordExporter": (options) => {
    return new ShmLogRecordExporter({ target: `${NAME}-other`, ...options });
  },
  "NatsLink.open()": (options) => NatsLink.open(options),
  "receive()": (options) => receive({ stream: "S", ...options }),
  "receiveInto()": (options) => receiveInto(`${NAME}-other`, { stream: "S", ...options }),
  "forward()": (options) => forward(reader, { stream: "S", ...options }),
};

/** What is thrown, or what a promise is rejected with. */
async function failure(make: () => unknown): Promise<Error> {
  try {
    await make();
  } catch (error) {
    return error as Error;
  }
  assert.fail("no error");
}

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: an option that is not known is a TypeError that names it, and makes nothing`, async () => {
    const error = await failure(() => make({ "no such thing": 1 }));
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /^option "no such thing" of .* is not known: known are \w+/);
    assert.deepEqual([existsSync(path), SharedMemory.exists(`${NAME}-other`)], [false, false]);
  });

  test(`${name}: options that are no object are a TypeError that says so`, async () => {
    if (/Sink|Spec|Transport|Exporter|Console|Destination|receive|forward/i.test(name)) return;
    for (const options of [null, 5, "text", [], () => {}]) {
      const error = await failure(() => make(options));
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /^options of .*, but must be an object/);
    }
  });
}

const typos: [string, string, string][] = [
  ["Writer.create()", "chunksize", "chunkSize"],
  ["Writer.create()", "chunk_count", "chunkCount"],
  ["Writer.create()", "chunks", "chunkSize"],
  ["Reader", "stratgey", "strategy"],
  ["Reader", "onoverrun", "onOverrun"],
  ["ShmLogWriter", "ifExist", "ifExists"],
  ["ShmLogWriter", "unlink", "unlinkOnClose"],
  ["getShmSink()", "format", "formatter"],
  ["captureConsole()", "formatter", "format"],
  ["follow()", "interval", "undefined"],
  ["follow() of events", "maxSleep", "undefined"],
  ["CircularBufferReader", "onlap", "onLap"],
  ["receive()", "begin", "undefined"],
  ["forward()", "maxInflight", "maxInFlight"],
  ["MappedFile.open()", "acces", "access"],
];

for (const [maker, typo, meant] of typos) {
  test(`${maker}: ${typo} is not known, and the error names ${meant}`, async () => {
    const error = await failure(() => makers[maker]({ [typo]: 1 }));
    const hint = meant === "undefined" ? "known are " : `did you mean "${meant}"?`;
    assert.ok(error.message.includes(`option "${typo}" of `), error.message);
    assert.ok(error.message.includes(hint), error.message);
  });
}

const wrong: [string, string, unknown, RegExp][] = [
  [
    "Writer.create()",
    "chunkSize",
    "65536",
    /^TypeError: chunkSize is "65536" \(string\), but must be a number/,
  ],
  [
    "Writer.create()",
    "chunkSize",
    1.5,
    /^RangeError: chunkSize is 1.5 \(number\), but must be an int/,
  ],
  ["Writer.create()", "chunkCount", NaN, /^RangeError: chunkCount is NaN \(number\)/],
  ["Writer.create()", "chunkCount", 4n, /^TypeError: chunkCount is 4n \(bigint\)/],
  [
    "Writer.create()",
    "fence",
    true,
    /^TypeError: fence is true \(boolean\), but must be a function/,
  ],
  ["Reader", "strategy", "latst", /^TypeError: strategy is "latst".* Did you mean "latest"\?/],
  ["Reader", "strategy", null, /^TypeError: strategy is null, but must be one of "auto", "latest"/],
  ["Reader", "after", "7", /^TypeError: after is "7" \(string\), but must be an integer/],
  ["Reader", "after", -1, /^RangeError: after is -1/],
  [
    "ShmLogWriter",
    "unlinkOnClose",
    "false",
    /^TypeError: unlinkOnClose is "false" \(string\), but must be true or/,
  ],
  ["ShmLogWriter", "notify", "yes", /^TypeError: notify is "yes"/],
  ["ShmLogWriter", "handleSignals", 1, /^TypeError: handleSignals is 1 \(number\)/],
  ["ShmLogWriter", "mode", 444, /^RangeError: mode is 444, which is 0o674: did you mean 0o444\?/],
  [
    "ShmLogWriter",
    "mode",
    640,
    /^RangeError: mode is 640 \(number\), but must be .*: did you mean 0o640\?/,
  ],
  ["ShmLogWriter", "mode", "640", /^TypeError: mode is "640" \(string\)/],
  [
    "ShmLogWriter",
    "ifExists",
    "Resume",
    /^TypeError: ifExists is "Resume".* Did you mean "resume"\?/,
  ],
  ["ShmLogReader", "copyMode", "read", /^TypeError: copyMode is "read".* Did you mean "pread"\?/],
  ["ShmLogReader.waitFor()", "interval", NaN, /^RangeError: interval is NaN/],
  [
    "ShmLogReader.waitFor()",
    "signal",
    new AbortController(),
    /^TypeError: signal is .*: give the controller's/,
  ],
  ["follow()", "maxSleep", 0, /^RangeError: maxSleep is 0/],
  ["follow()", "signal", true, /^TypeError: signal is true/],
  ["follow() of events", "from", "begin", /^TypeError: from is "begin"/],
  ["follow() of events", "interval", -1, /^RangeError: interval is -1/],
  ["EventLogWriter.create()", "capacity", "1 MB", /^TypeError: capacity is "1 MB"/],
  ["EventLogWriter.create()", "grow", Infinity, /^RangeError: grow is Infinity/],
  ["CircularBufferWriter", "breakLock", "no", /^TypeError: breakLock is "no"/],
  ["CircularBufferSpec", "capacity", "1000", /^TypeError: capacity is "1000"/],
  ["CircularBufferSpec", "indexName", 5, /^TypeError: indexName is 5/],
  ["SharedMemory.open()", "access", "rw", /^TypeError: access is "rw"/],
  ["EntrySink", "maxEntrySize", "1000", /^TypeError: maxEntrySize is "1000"/],
  ["EntrySink", "onError", "print", /^TypeError: onError is "print"/],
  [
    "EntrySink",
    "writer",
    {},
    /^TypeError: writer is an object of class Object, but must be a writer/,
  ],
  ["getShmSink()", "formatter", 5, /^TypeError: formatter is 5/],
  ["receive()", "maxHold", "1", /^TypeError: maxHold is "1"/],
  ["receive()", "from", "now", /^TypeError: from is "now"/],
  ["forward()", "maxInFlight", 0, /^RangeError: maxInFlight is 0/],
  [
    "forward()",
    "createStream",
    { maxByte: 1 },
    /^TypeError: option "maxByte" of createStream.*"maxBytes"/,
  ],
  ["NatsLink.open()", "tls", { ca: "x" }, /^TypeError: option "ca" of tls is not known/],
];

for (const [maker, option, value, message] of wrong) {
  test(`${maker}: ${option} of the wrong kind is an error (${message.source.slice(1, 40)})`, async () => {
    const error = await failure(() => makers[maker]({ [option]: value }));
    assert.match(String(error), message);
    assert.deepEqual([existsSync(path), SharedMemory.exists(`${NAME}-other`)], [false, false]);
  });
}

test("an option that is undefined is one that is not given", () => {
  Writer.create(new ArrayBuffer(4096), { chunkCount: undefined, chunkSize: undefined });
  new Reader(emptyLog(), { strategy: undefined, after: undefined });
});

test("the nearest name is found by case, a swap, a part, and not where no name is near", () => {
  const names = ["chunkSize", "chunkCount", "mode", "notify"];
  for (
    const [word, meant] of Object.entries({ CHUNKSIZE: 0, cuhnkSize: 0, chunkCout: 1, moed: 2 })
  ) {
    assert.equal(nearest(word, names), names[meant], word);
  }
  for (const word of ["", "x", "handleSignals", "a".repeat(100_000)]) {
    assert.equal(nearest(word, names), undefined, word.slice(0, 20));
  }
});
