/** The same calls to pino and to our logger, and the lines of both. */

import assert from "node:assert/strict";
import { pino, stdTimeFunctions as pinoTimes } from "pino";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { createLogger, stdTimeFunctions } from "../../src/logger/mod.ts";

// deno-lint-ignore no-explicit-any
export type AnyLogger = any;

/** What a call gave. */
export interface Outcome {
  lines: string[];
  /** What was thrown, if something was. */
  thrown?: unknown;
  /** Whether the calls after it depend on it. */
  isLasting: boolean;
}

/** Calls, one by one: what `step` is given is compared. */
export type Scenario = (
  logger: AnyLogger,
  step: (call: () => void, isLasting?: boolean) => void,
) => void;

const CHUNK_SIZE = 1 << 20;
const memory = new ArrayBuffer(segmentSize(4, CHUNK_SIZE));

/** Runs a scenario with pino. */
export function withPino(options: object, scenario: Scenario): Outcome[] {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line.slice(0, -1));
  return run(() => pino(withTimes(options, pinoTimes), { write }), scenario, () => lines.splice(0));
}

/** Runs a scenario with ours; gives the errors that were reported, too. */
export function withOurs(
  options: object,
  scenario: Scenario,
): { outcomes: Outcome[]; errors: unknown[] } {
  const writer = Writer.create(memory, { chunkCount: 4, chunkSize: CHUNK_SIZE });
  const reader = new Reader(memory);
  const errors: unknown[] = [];
  const make = () =>
    createLogger({
      ...withTimes(options, stdTimeFunctions),
      writer,
      maxEntrySize: writer.maxEntrySize,
      onError: (error: unknown) => errors.push(error),
    } as never);
  const outcomes = run(make, scenario, () => [...reader].map((entry) => entry.text));
  return { outcomes, errors };
}

/** Runs both, and compares what they gave; gives how many calls there were. */
export function compare(options: object, scenario: Scenario): number {
  const theirs = withPino(options, scenario);
  const { outcomes: ours } = withOurs(options, scenario);
  assert.equal(ours.length, theirs.length);
  for (const [i, { lines, thrown, isLasting }] of theirs.entries()) {
    const what = `call ${i}`;
    assert.equal(ours[i].thrown, undefined, `${what} throws nothing`);
    for (const line of ours[i].lines) JSON.parse(line);
    if (thrown === undefined) {
      assert.equal(ours[i].lines.length, lines.length, what);
      for (const [n, line] of lines.map(asOurs).entries()) {
        // There are values of which pino makes no JSON: NaN in a typed array beside a BigInt.
        if (isJson(line)) assert.equal(ours[i].lines[n], line, what);
      }
    } else if (isLasting) {
      // Bindings that throw in pino: there is no such child.
      return i;
    } else {
      // Where pino throws, ours says so in the line.
      assert.equal(
        ours[i].lines.length,
        lines.length + 1,
        `${what} has its line: ${thrown instanceof Error ? thrown.stack : thrown}`,
      );
    }
  }
  return theirs.length;
}

/** A line of pino's with the differences that we intend. */
function asOurs(line: string): string {
  return line
    // What is no JSON.
    .replace(/,"(msg|message|text|user)":undefined}$/, "}")
    // Halves of pairs in short texts, before Node 25: they are no UTF-8.
    .replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      (half) => `\\u${half.charCodeAt(0).toString(16)}`,
    );
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function run(make: () => AnyLogger, scenario: Scenario, take: () => string[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const { now } = Date;
  let time = 1_700_000_000_000;
  Date.now = () => time;
  try {
    const logger = make();
    take();
    scenario(logger, (call, isLasting = false) => {
      time += 1 + (outcomes.length % 7) * 333;
      const outcome: Outcome = { lines: [], isLasting };
      try {
        call();
      } catch (error) {
        outcome.thrown = error;
      }
      outcome.lines = take();
      outcomes.push(outcome);
    });
  } finally {
    Date.now = now;
  }
  return outcomes;
}

// deno-lint-ignore no-explicit-any
function withTimes(options: any, times: { isoTime: () => string }): object {
  return options.timestamp === "iso" ? { ...options, timestamp: times.isoTime } : options;
}
