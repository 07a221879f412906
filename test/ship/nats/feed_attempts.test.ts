/** How long somebody tries to receive, and from what. */

import assert from "node:assert/strict";
import test from "node:test";
import { StreamUnusableError } from "../../../src/errors.ts";
import { tryAgainAndAgain } from "../../../src/ship/carriers/nats/feed_attempts.ts";
import { BusyError } from "../../../src/ship/carriers/nats/feed_errors.ts";

/** Fails with one error after the other, then succeeds. */
async function attemptsUntil(errors: Error[]): Promise<number> {
  let attempts = 0;
  await tryAgainAndAgain(() => {
    const error = errors[attempts++];
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }, { stream: "S", consumer: "c", isFirst: true, signal: new AbortController().signal });
  return attempts;
}

function errorOf(name: string, code?: number): Error {
  return Object.assign(new Error(name), { name, code });
}

test("what passes is tried again, and nothing else", async () => {
  const passing = [
    errorOf("TimeoutError"),
    errorOf("ClosedConnectionError"),
    errorOf("ConsumerNotFoundError"),
    ...[10005, 10008, 10009, 10013].map((code) => errorOf("JetStreamApiError", code)),
    new BusyError(),
  ];
  for (const error of passing) assert.equal(await attemptsUntil([error]), 2, String(error));
  await assert.rejects(attemptsUntil([errorOf("StreamNotFoundError")]), StreamUnusableError);
  await assert.rejects(attemptsUntil([errorOf("JetStreamApiError", 10026)]), StreamUnusableError);
});

test("a consumer is in use when it is so again and again, however long other things took", async () => {
  const busy = (count: number) => Array.from({ length: count }, () => new BusyError());
  const inUse = /consumer "c" of stream "S" is used by another receiver/;
  const [attempts] = await Promise.all([
    attemptsUntil([errorOf("TimeoutError"), ...busy(10)]),
    assert.rejects(attemptsUntil(busy(11)), inUse),
  ]);
  assert.equal(attempts, 12);
});
