/** How long somebody tries to receive, and from what. */

import assert from "node:assert/strict";
import test from "node:test";
import { StreamUnusableError } from "../../src/errors.ts";
import { tryAgainAndAgain } from "../../src/nats/feed_attempts.ts";
import { BusyError } from "../../src/nats/feed_errors.ts";

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

test("a consumer is in use when it has been so for a while, not when other things took long", async () => {
  const begin = performance.now();
  let attempts = 0;
  const options = { stream: "S", consumer: "c", isFirst: false };
  await tryAgainAndAgain(async () => {
    // Longer than anybody's request lasts: then it is looked at for the first time.
    if (attempts++ === 0) {
      while (performance.now() - begin < 2100) await new Promise((done) => setTimeout(done, 100));
      throw errorOf("TimeoutError");
    }
    if (attempts === 2) throw new BusyError();
  }, { ...options, signal: new AbortController().signal });
  assert.equal(attempts, 3);
});
