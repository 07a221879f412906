/** Options that pino and ours both have, out of a seed. */

import type { Random } from "../support/random.ts";
import { objectOf, textOf } from "./values.ts";

// deno-lint-ignore no-explicit-any
type Options = Record<string, any>;

const PATHS: readonly (readonly string[])[] = [
  ["password"],
  ["user.password", "secret"],
  ["*.password"],
  ["req.headers.authorization", "user"],
  ["list[*].password", "list[0].secret", 'user["a.b"]'],
  ["*"],
  ["a.b.c", "*.b.z", "password"],
  ["*.*.secret"],
  ["err.more", "msg", "error"],
  ["constructor.secret", "__proto__.x"],
];

/** What is redacted. */
export function redactOf(random: Random): unknown {
  const paths = [...PATHS[random.below(PATHS.length)]];
  switch (random.below(4)) {
    case 0:
      return paths;
    case 1:
      return { paths, remove: true };
    case 2:
      return { paths, censor: textOf(random) };
    default:
      return {
        paths,
        censor: (value: unknown, path: unknown[]) =>
          `${typeof value} at ${path.map((part) => typeof part === "symbol" ? "*" : part).join()}`,
      };
  }
}

/** Serializers. */
export function serializersOf(random: Random): Options {
  const all: Options = {
    user: (value: unknown) => ({ was: typeof value }),
    id: (value: unknown) => typeof value === "number" ? `#${value}` : undefined,
    msg: (value: unknown) => typeof value === "string" ? value.toUpperCase() : value,
    ms: () => () => {},
    ok: (value: unknown) => value === true ? 1 : NaN,
    path: (value: unknown) => value instanceof Error ? value : [value],
    err: (error: Error) => ({ only: error?.message }),
  };
  return Object.fromEntries(Object.entries(all).filter(() => random.below(3) === 0));
}

/** Options of a child of a logger that has these levels. */
export function childOptionsOf(random: Random, levels: readonly string[]): Options | undefined {
  if (random.below(2) === 0) return undefined;
  const options: Options = {};
  if (random.below(3) === 0) options.serializers = serializersOf(random);
  if (random.below(4) === 0) options.redact = redactOf(random);
  if (random.below(3) === 0) options.msgPrefix = textOf(random);
  if (random.below(4) === 0) options.level = levels[random.below(levels.length)];
  if (random.below(5) === 0) {
    options.formatters = random.below(2) === 0
      ? { log: (object: object) => ({ child: true, ...object }) }
      : { bindings: (bindings: object) => ({ ...bindings, formatted: 1 }) };
  }
  return options;
}

/** Options of a root. */
export function optionsOf(random: Random): Options {
  const options: Options = {};
  const isRare = () => random.below(6) === 0;
  if (random.below(2) === 0) options.level = ["trace", "DEBUG", "info", "warn"][random.below(4)];
  if (random.below(3) === 0) {
    options.base = [null, {}, { app: objectOf(random, 2) }, undefined][random.below(4)];
  }
  if (isRare()) options.name = textOf(random);
  if (isRare()) options.messageKey = ["message", "text", "user"][random.below(3)];
  if (isRare()) options.errorKey = ["error", "e"][random.below(2)];
  if (isRare()) options.nestedKey = ["payload", 'quo"te'][random.below(2)];
  if (isRare()) options.msgPrefix = textOf(random);
  if (random.below(3) === 0) options.serializers = serializersOf(random);
  if (random.below(3) === 0) options.redact = redactOf(random);
  if (isRare()) options.timestamp = [false, () => ',"t":1', "iso"][random.below(3)];
  if (isRare()) {
    options.mixin = [
      () => ({ mixed: 1, id: "mixin" }),
      (object: object, level: number) => ({ keys: Object.keys(object).length, level }),
      () => ({ password: "p", user: { password: "q" } }),
    ][random.below(3)];
    if (random.below(2) === 0) {
      options.mixinMergeStrategy = (object: object, mixed: object) => ({ ...object, ...mixed });
    }
  }
  if (isRare()) {
    options.formatters = [
      { level: (label: string, number: number) => ({ severity: label, number }) },
      { log: (object: object) => ({ logged: Object.keys(object), ...object }) },
      { bindings: (bindings: object) => ({ count: Object.keys(bindings ?? {}).length }) },
    ][random.below(3)];
  }
  if (isRare()) {
    options.hooks = {
      logMethod(
        this: unknown,
        args: unknown[],
        method: (...args: unknown[]) => void,
        level: number,
      ) {
        if (args.length >= 2) method.apply(this, [args[1], args[0]]);
        else method.apply(this, [...args, level]);
      },
    };
  }
  if (isRare()) {
    options.hooks = {
      ...options.hooks,
      streamWrite: (line: string) => line.replaceAll("user", "person"),
    };
  }
  if (isRare()) {
    options.customLevels = { notice: 35, shout: 70 };
    if (random.below(3) === 0) {
      options.useOnlyCustomLevels = true;
      options.level = "notice";
    }
  }
  if (isRare()) options.levelComparison = ["DESC", "ASC"][random.below(2)];
  if (isRare()) options.depthLimit = 1 + random.below(4);
  if (isRare()) options.edgeLimit = 1 + random.below(4);
  return options;
}
