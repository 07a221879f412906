/** `deno task torture --minutes 10 --runtimes deno bun node26`: each runtime's writer in turn. */

import process from "node:process";
import { Command, Option } from "commander";
import { installedRuntimes, runtimeNamed } from "../../scripts/runtimes.ts";
import { Progress } from "../../src/cli/output/progress.ts";
import { baseSeed, Random } from "../support/random.ts";
import { emptyTally, type Pace, PACES, round, type Tally } from "./torture.ts";

/** How long one log lives, in milliseconds. */
const ROUND = 8000;

const names = installedRuntimes().map(({ name }) => name);
const options = new Command("torture")
  .description(
    "Writers and readers as processes, stopped and killed at random; every entry is checked.",
  )
  .option("--minutes <minutes>", "how long for each runtime", Number, 1)
  .option("--runtimes <names...>", `whose processes: any of ${names.join(", ")}`, names)
  .addOption(new Option("--paces <names...>", "which writers").choices(PACES).default(PACES))
  .parse()
  .opts<{ minutes: number; runtimes: string[]; paces: Pace[] }>();

console.log(`seed ${baseSeed} (repeat with SEED=${baseSeed})`);
const random = new Random(baseSeed);
let isFine = true;
for (const name of options.runtimes) {
  const runtime = runtimeNamed(name);
  const tally = emptyTally();
  const end = performance.now() + options.minutes * 60_000;
  using progress = new Progress(60 * options.minutes, `seconds on ${runtime.title}`);
  while (performance.now() < end) {
    const left = end - performance.now();
    await round(runtime, [runtime], random, Math.min(ROUND, left), tally, options.paces);
    progress.update(Math.round(60 * options.minutes - left / 1000));
  }
  console.log(summary(runtime.title, tally));
  isFine &&= tally.wrong === 0 && tally.twice === 0;
}
process.exit(isFine ? 0 : 1);

function summary(title: string, tally: Tally): string {
  const count = (value: number) => value.toLocaleString("en-US");
  return `${title}: ${count(tally.written)} entries written to ${tally.rounds} logs, ` +
    `${count(tally.read)} checked by readers, ${count(tally.lost)} lost in ` +
    `${count(tally.overruns)} overruns; ${tally.wrong} wrong, ${tally.twice} twice; ` +
    `${
      count(tally.lives)
    } restarts followed; ${tally.killedWriters} writers and ${tally.killedReaders} readers killed, ${tally.stops} stopped`;
}
