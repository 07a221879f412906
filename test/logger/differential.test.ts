/**
 * pino (the real one) and our logger get the same calls, thousands of random ones: their lines are the
 * same, byte for byte, but for what `asOurs()` says and for calls that throw in pino.
 */

import test from "node:test";
import { baseSeed, forEachSeed, Random } from "../support/random.ts";
import { type AnyLogger, compare, type Scenario } from "./both.ts";
import { childOptionsOf, optionsOf } from "./options.ts";
import { errorOf, numberOf, objectOf, textOf, throwerOf, valueOf } from "./values.ts";

const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 300);

/** The arguments of a logging call. */
function argumentsOf(random: Random): unknown[] {
  const more = () => Array.from({ length: random.below(4) }, () => valueOf(random, 2));
  switch (random.below(10)) {
    case 0:
    case 1:
      return [textOf(random)];
    case 2:
      return [textOf(random), ...more()];
    case 3:
      return [objectOf(random, 3)];
    case 4:
      return [objectOf(random, 3), textOf(random), ...more()];
    case 5:
      return [errorOf(random, 2)];
    case 6:
      return [errorOf(random, 2), textOf(random)];
    case 7:
      return [valueOf(random, 3), ...more()];
    default:
      return [objectOf(random, 3), textOf(random)];
  }
}

/** Bindings. pino throws where they have no hasOwnProperty(). */
function bindingsOf(random: Random): object {
  const { hasOwnProperty: _, ...bindings } = objectOf(random, 2);
  return bindings;
}

/** Random calls to a root and its children. */
function scenarioOf(seed: number, calls: number, throws: boolean): Scenario {
  return (root: AnyLogger, step) => {
    const random = new Random(seed);
    const loggers: AnyLogger[] = [root];
    for (let i = 0; i < calls; i++) {
      const logger = loggers[random.below(loggers.length)];
      const kind = throws ? 20 : random.below(20);
      if (kind === 0) {
        const bindings = bindingsOf(random);
        const options = childOptionsOf(random, Object.keys(logger.levels.values));
        step(() => {
          const child = options === undefined
            ? logger.child(bindings)
            : logger.child(bindings, options);
          loggers.push(child);
          child[child.level]("from a child");
        }, true);
      } else if (kind === 1) {
        const bindings = bindingsOf(random);
        step(() => logger.setBindings(bindings), true);
      } else if (kind === 2) {
        const levels = Object.keys(logger.levels.values);
        const level = levels[random.below(levels.length)];
        step(() => {
          logger.level = level;
          logger[level]({ level: logger.level, on: logger.isLevelEnabled("info") }, "level set");
        });
      } else {
        const args = throws && random.below(3) === 0
          ? [throwerOf(random), textOf(random)]
          : argumentsOf(random);
        const levels = [...Object.keys(logger.levels.values), "silent"];
        const level = levels[random.below(levels.length)];
        step(() => logger[level](...args));
      }
    }
  };
}

let total = 0;

function runAll(runs: number, calls: number, throws: boolean): void {
  forEachSeed(runs, "DIFFERENTIAL_RUNS", (random, seed) => {
    total += compare(optionsOf(random), scenarioOf(seed, calls, throws));
  });
}

test(`random calls give pino's lines (seed ${baseSeed}, ${RUNS} runs)`, (t) => {
  runAll(RUNS, 60, false);
  t.diagnostic?.(`${total} calls`);
});

test(`what throws in pino throws nothing, and has its line (seed ${baseSeed})`, () => {
  runAll(RUNS / 3, 40, true);
});

test(`numbers are written as String() gives them (seed ${baseSeed})`, () => {
  compare({ base: null, timestamp: false }, (logger, step) => {
    const random = new Random(baseSeed);
    for (let i = 0; i < 20_000; i++) {
      const number = numberOf(random);
      step(() => logger.info({ number }));
    }
  });
});
