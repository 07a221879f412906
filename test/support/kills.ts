/** Processes that are killed at random moments, in turn, and started again. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startCli } from "./cli.ts";
import type { Random } from "./random.ts";
import { startChild } from "./runtime.ts";

/** What is killed, and begins anew. */
export interface Mortal {
  kill(): Promise<unknown>;
  start(): Promise<unknown> | void;
}

/** A process that runs, as long as this exists. */
export interface MortalProcess extends Mortal, AsyncDisposable {}

/** A command of ours. */
export function command(args: string[]): MortalProcess {
  let running = startCli(args);
  const kill = () => {
    running.process.kill("SIGKILL");
    return running.ended();
  };
  return {
    kill,
    start: () => void (running = startCli(args)),
    [Symbol.asyncDispose]: async () => void await kill(),
  };
}

/** The writer of a log of 8 chunks, with so many entries a millisecond. */
export async function logWriter(
  name: string,
  chunkSize: number,
  rate: number,
  ifExists: "resume" | "replace" = "resume",
): Promise<MortalProcess> {
  const start = async () => {
    const script = new URL("../ship/children/writer.ts", import.meta.url);
    const child = startChild(script, [name, ifExists, rate, chunkSize, 8]);
    assert.equal(await child.nextLine(), "ready");
    return child;
  };
  let running = await start();
  return {
    kill: () => running.kill(),
    start: async () => void (running = await start()),
    [Symbol.asyncDispose]: async () => void await running.kill(),
  };
}

/** Kills one after the other, `kills` times in all; `before` each time it waits for something. */
export async function killInTurn(
  random: Random,
  kills: number,
  mortals: readonly Mortal[],
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { length } = mortals;
  for (let kill = 0; kill < kills; kill++) {
    await before();
    // So that each comes after a short pause, and after a long one.
    const next = mortals[(kill + Math.floor(kill / length)) % length];
    await sleep(random.below(kill % 2 === 0 ? 100 : 500));
    await next.kill();
    await sleep(random.below(100));
    await next.start();
  }
  await sleep(300);
}
