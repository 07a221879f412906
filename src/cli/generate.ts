/**
 * `ouroboros generate`: random entries, and a file that says what they were. Its flags, its output
 * and its segments are those of the reference's tool of the same job, so that the tests of readers
 * in other languages run with it.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { delay } from "../async.ts";
import { SegmentExistsError } from "../errors.ts";
import { maxPayloadSize } from "../log/layout.ts";
import { describeTarget, type LogTarget, unlinkMemory } from "../log/native/target.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { RandomPayloads } from "./generate/random_payloads.ts";
import { countArgument, targetArgument } from "./options/arguments.ts";
import { toHex } from "./output/format.ts";
import { jsonLines } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { Progress } from "./output/progress.ts";
import { entryCount, warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { Pace } from "./process/pace.ts";
import { warnIfShortLived } from "./options/log_targets.ts";

const EXAMPLES = `
The size and shape of the segment are printed before the first entry is written.
Ctrl-C removes the segment and still writes the file.

Examples:
  ouroboros generate --name /test --size 65536 --count 1000 --min-size 8 --max-size 100 \\
    --seed 1 --interval 100 --json-out records.json
  ouroboros generate --name /test --size 65536 --count 10 --min-size 8 --max-size 100 \\
    --interval 0 --initial-delay 500000 --no-unlink-at-exit --json-out records.json`;

interface GenerateOptions {
  name: LogTarget;
  size: number;
  count: number;
  minSize: number;
  maxSize: number;
  seed?: bigint;
  interval: number;
  initialDelay: number;
  jsonOut: string;
  unlinkAtExit: boolean;
}

/** Adds the command. */
export function addTo(program: Command): void {
  program.command("generate", { hidden: true })
    .description(
      "Write random entries, to test readers in any language, with the flags of the reference's tool.",
    )
    .requiredOption("--name <name>", "the log", targetArgument)
    .requiredOption("--size <bytes>", "size of the segment", countArgument)
    .requiredOption("--count <count>", "number of entries", countArgument)
    .requiredOption("--min-size <bytes>", "size of the smallest entry", countArgument)
    .requiredOption("--max-size <bytes>", "size of the largest entry", countArgument)
    .option("--seed <number>", "seed of the random entries; random by default", seedArgument)
    .requiredOption("--interval <microseconds>", "time between two entries", countArgument)
    .option("--initial-delay <microseconds>", "time before the first entry", countArgument, 0)
    .requiredOption("--json-out <file>", "the file to write the entries to, as JSON")
    .option("--unlink-at-exit", "remove the segment at the end", true)
    .option("--no-unlink-at-exit", "keep the segment at the end")
    .addHelpText("after", EXAMPLES)
    .action(generate);
}

function seedArgument(text: string): bigint {
  const seed = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (seed < 0n || seed >= 1n << 64n) {
    throw new InvalidArgumentError("An integer of up to 64 bits is expected.");
  }
  return seed;
}

async function generate(options: GenerateOptions): Promise<void> {
  const { name, count, minSize, maxSize, seed = randomBytes(8).readBigUInt64LE() } = options;
  if (minSize > maxSize) {
    throw new RangeError(`--min-size ${minSize} is larger than --max-size ${maxSize}`);
  }
  const shape = shapeOf(options.size);
  const most = maxPayloadSize(shape.chunkCount * shape.chunkSize);
  if (most < 0) throw new RangeError(`--size ${options.size} has no room for an entry`);
  if (maxSize > most) {
    throw new RangeError(`--max-size ${maxSize} exceeds the maximum of ${most} bytes`);
  }
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  using log = create(name, { ...shape, unlinkOnClose: options.unlinkAtExit });
  const records = await Output.file(options.jsonOut).catch((error) => {
    log.close();
    unlinkMemory(name);
    throw error;
  });
  if (!options.unlinkAtExit) warnIfShortLived(name, "--no-unlink-at-exit");
  await describe(name, log, signal);

  await delay(options.initialDelay / 1000, { signal }).catch(() => {});
  const payloads = new RandomPayloads(seed, minSize, maxSize);
  const pace = new Pace(options.interval, signal);
  using progress = new Progress(count, "entries");
  while (log.totalEntriesWritten < count && !signal.aborted) {
    log.write(payloads.next());
    progress.update(log.totalEntriesWritten);
    if (log.totalEntriesWritten < count) await pace.next();
  }
  const total = log.totalEntriesWritten;
  try {
    if (signal.aborted) {
      warn(`interrupted after ${entryCount(total)}`);
      log.close();
      if (!options.unlinkAtExit) unlinkMemory(name);
    }
  } finally {
    await save(records, new RandomPayloads(seed, minSize, maxSize), total);
  }
}

/** Makes the log. As the reference's tool it leaves one that is there: it is somebody's. */
function create(name: LogTarget, options: ShmLogWriterOptions): ShmLogWriter {
  try {
    return ShmLogWriter.create(name, { ...options, ifExists: "fail" });
  } catch (error) {
    if (!(error instanceof SegmentExistsError)) throw error;
    const log = describeTarget(name);
    throw new SegmentExistsError(`log ${log} exists already: "ouroboros remove" removes it`);
  }
}

/** The reference's rule: four chunks, or one if there is less than 1 KiB for them. */
function shapeOf(size: number): { chunkSize: number; chunkCount: number } {
  if (size >= 80 + 1024) return { chunkCount: 4, chunkSize: Math.floor((size - 80) / 4) };
  return { chunkCount: 1, chunkSize: size > 32 ? size - 32 : 512 };
}

/** Says what the segment is like; programs wait for the line with the last brace. */
async function describe(name: LogTarget, log: ShmLogWriter, signal: AbortSignal): Promise<void> {
  const output = Output.standard(signal);
  const description = {
    shm_name: typeof name === "string" ? name : describeTarget(name),
    buffer_size: log.segmentSize,
    chunk_target_size: log.chunkSize,
    chunk_count: log.chunkCount,
    max_entry_size: log.maxEntrySize,
  };
  output.write(jsonLines(description));
  await output.flush();
}

/** Writes what the entries were: they follow from the seed once more, so that none had to be kept. */
async function save(output: Output, payloads: RandomPayloads, count: number): Promise<void> {
  output.write('{\n  "records": [');
  for (let index = 0; index < count; index++) {
    const payload = payloads.next();
    const record = { index, payload_size: payload.length, payload_hex: toHex(payload) };
    output.write(`${index > 0 ? "," : ""}\n    ${JSON.stringify(record)}`);
    if (output.isFull) await output.flush();
  }
  output.write("\n  ]\n}\n");
  await output.close();
}
