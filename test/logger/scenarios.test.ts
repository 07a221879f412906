/** What pino's documents show, by hand: the same calls to pino and to ours. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { stdSerializers as pinoSerializers } from "pino";
import { stdSerializers } from "../../src/logger/mod.ts";
import { type AnyLogger, compare, type Scenario, withOurs, withPino } from "./both.ts";
import { needsConnections } from "../support/platform.ts";

/** Each call is a step. */
function calls(...all: ((logger: AnyLogger) => void)[]): Scenario {
  return (logger, step) => {
    for (const call of all) step(() => call(logger));
  };
}

/** An error whose stack does not say who called. */
function failure(message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { stack: `Error: ${message}\n    at here` });
}

const boom = () => {
  throw new TypeError("boom");
};

test("child(): bindings, levels, prefixes and serializers of children and their children", () => {
  compare(
    { name: "app", msgPrefix: "[app] ", serializers: { user: (user: { id: number }) => user.id } },
    calls(
      (log) => log.child({ a: "property" }).info("hello"),
      (log) => log.child({ user: { id: 7, password: "p" } }).info("bound"),
      (log) => log.child({ a: 1 }).child({ a: 2 }).info({ a: 3 }, "the same key thrice"),
      (log) =>
        log.child({ level: "x", serializers: 1, customLevels: 2, formatters: 3, x: 4 }).info("no"),
      (log) => {
        const child = log.child({ module: "foo" }, { level: "debug", msgPrefix: "[foo] " });
        child.debug("seen %s", "here");
        log.debug("not seen");
        child.child({}).debug("of the grandchild");
      },
      (log) => {
        const serializers = { user: () => "other", [Symbol("s")]: () => 1 };
        log.child({ user: { id: 1 } }, { serializers }).info(
          { user: { id: 2 } },
          "own serializers",
        );
      },
      (log) => {
        // A child follows its parent's level, until it has its own.
        const child = log.child({});
        log.level = "trace";
        child.trace("on");
        child.level = "error";
        log.level = "info";
        child.info("off");
        child.error("on");
        log.info({ parent: log.level, child: child.level, value: child.levelVal });
      },
      (log) => {
        const child = log.child({ a: 1 });
        child.setBindings({ b: 2 });
        child.info(child.bindings(), "bindings");
        child.setBindings({ b: 3 });
        child.info(child.bindings());
      },
    ),
  );
});

test("redact: paths, wildcards, censors and removal", () => {
  const object = () => ({
    key: "k",
    path: { to: { key: "sensitive", another: "thing" } },
    stuff: { thats: [{ secret: "s", logme: "l" }, { secret: "t", logme: "m" }] },
    a: { x: 1, y: 2 },
    b: { x: 3 },
    "we ird": { "ke.y": 1 },
  });
  const all: unknown[] = [
    ["key", "path.to.key", "stuff.thats[*].secret"],
    { paths: ["key", "path.to.key", "stuff.thats[*].secret"], remove: true },
    { paths: ["*.x"], censor: "**GDPR**" },
    { paths: ["a[*]", "*.x"], censor: (value: unknown, path: string[]) => `${path}=${value}` },
    { paths: ['["we ird"]["ke.y"]', "path.*.key"] },
    { paths: ["*"], remove: false },
    { paths: ["msg", "bound.secret"] },
    { paths: ["path.to", "path.to.key"] },
    [],
  ];
  for (const redact of all) {
    const censored = redact as { censor?: unknown };
    const isByFunction = typeof censored.censor === "function";
    compare(
      { redact },
      calls(
        (log) => log.info(object(), "redacted"),
        (log) => log.info("in the message: %j", object()),
        (log) => log.child({ bound: { secret: 1 }, key: 2 }).info({ x: 1 }),
        (log) => !isByFunction && log.child({}, { redact: ["path.to.another"] }).info(object()),
        (log) => log.info(failure("with key")),
      ),
    );
  }
});

test(
  "serializers: errors, and requests and responses of node:http",
  { skip: needsConnections },
  async () => {
    const server = createServer((req, res) => {
      try {
        for (const serializers of [pinoSerializers, stdSerializers]) {
          const { err, req: request, res: response } = serializers;
          compare(
            { serializers: { err, req: request, res: response } },
            calls(
              (log) => log.info({ req, res }, "both"),
              (log) => log.info(req),
              (log) => log.info(res, "with %s", "a message"),
              (log) => log.info({ req, err: failure("x", { cause: failure("y") }) }),
            ),
          );
        }
        // Without serializers they are objects like others, or not, when they are all there is.
        compare({}, calls((log) => log.info(req), (log) => log.info(res)));
        res.end("ok");
      } catch (error) {
        res.end(String(error));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/path?query=1`, { headers: { a: "b" } });
      assert.equal(await answer.text(), "ok");
    } finally {
      server.close();
    }
  },
);

test("formatters, mixin, nestedKey, messageKey, errorKey and hooks", () => {
  const error = () => Object.assign(new Error("e"), { stack: "the stack", code: 5 });
  const all: object[] = [
    { formatters: { level: (label: string) => ({ level: label }) } },
    { formatters: { level: (_: string, number: number) => ({ level: number, x: "y" }) } },
    { formatters: { bindings: (bindings: { pid: number }) => ({ pid: bindings.pid }) } },
    { formatters: { log: (object: object) => ({ ...object, formatted: true }) } },
    { mixin: () => ({ appName: "my app" }) },
    { mixin: (_: object, level: number) => ({ level }), nestedKey: "payload" },
    {
      mixin: () => ({ a: { mixed: 1 } }),
      mixinMergeStrategy: (object: object, mixed: object) => ({ mixed, object }),
    },
    { nestedKey: "payload", errorKey: "error", messageKey: "message" },
    { errorKey: "error", serializers: { err: () => "serialized" } },
    {
      hooks: {
        logMethod(this: AnyLogger, args: unknown[], method: AnyLogger, level: number) {
          if (args.length >= 2) method.apply(this, [args[1], args[0], level]);
          else method.apply(this, args);
        },
      },
    },
    { hooks: { streamWrite: (line: string) => line.replaceAll("hello", "h****") } },
    { base: null },
    { base: undefined },
    { base: undefined, name: "app" },
    { base: { a: undefined, b: { c: 1 } } },
    { timestamp: false },
    { timestamp: undefined },
    { timestamp: () => ',"at":"noon"' },
    { timestamp: "iso" },
    { customLevels: { notice: 35 }, level: "notice" },
    { levelComparison: "DESC", level: "warn" },
    { levelComparison: (level: number, set: number) => level % 20 === set % 20 },
    { enabled: false },
  ];
  for (const options of all) {
    compare(
      options,
      calls(
        (log) => log.info("hello"),
        (log) => log.warn({ a: 1 }, "hello %s", "you", "more"),
        (log) => log.info({}),
        (log) => log.error(error()),
        (log) => log.error(error(), "own message"),
        (log) => log.error({ err: error() }),
        (log) => log.error({ error: error(), msg: "there" }),
        (log) => log.child({ bound: 1 }).fatal({ b: 2 }),
        (log) => log.notice?.("custom"),
        (log) => log.debug("off or on"),
        (log) => log.silent("never"),
        (log) => log.info(null),
        (log) => log.info(null, "null and text"),
        (log) => log.info(undefined, "undefined and text"),
        (log) => log.info(),
        (log) => log.info({ a: 1 }, null),
        (log) => log.info({ a: 1 }, { b: 2 }, { c: 3 }),
        (log) => log.info(5, 6),
        (log) => log.info("%d%% of %i, %f %o %O %j %s %x %", 5.5, 5.5, "1.5", {}, [], null, "s", 1),
        (log) => log.info(["an", "array"], "of text"),
      ),
    );
  }
});

test("custom levels of a child are its own", () => {
  compare(
    {},
    calls((log) => {
      const child = log.child({}, { customLevels: { notice: 35 } });
      child.notice("noticed");
      child.level = "notice";
      child.info("off");
      log.info({ has: typeof log.notice, levels: child.levels });
    }),
  );
});

test("level-change is emitted as pino does", () => {
  const heard = [withPino, (options: object, scenario: Scenario) => withOurs(options, scenario)]
    .map(
      (run) => {
        const events: unknown[][] = [];
        run(
          {},
          calls(
            (log) => log.on("level-change", (...args: unknown[]) => events.push(args.slice(0, 4))),
            (log) => log.level = "trace",
            (log) => log.child({}).level = "error",
            (log) => log.child({}, { level: "fatal" }),
            (log) => log.level = "silent",
          ),
        );
        return events;
      },
    );
  assert.equal(heard[0].length, 4);
  assert.deepEqual(heard[1], heard[0]);
});

test("calls within calls: a getter, a toJSON() or a serializer that logs is before the line", () => {
  const noisy = (log: AnyLogger, depth: number): object => ({
    before: depth,
    get getter() {
      log.info(depth > 0 ? noisy(log, depth - 1) : { deepest: true }, "within");
      return depth;
    },
    inner: {
      toJSON() {
        log.child({ child: depth }).info("in toJSON");
        return "made";
      },
    },
    user: 1,
    after: "x".repeat(100),
  });
  const options = { serializers: { user: 0 as unknown } };
  for (const nestedKey of [undefined, "payload"]) {
    compare({ ...options, serializers: {}, nestedKey }, (log, step) => {
      for (let depth = 0; depth < 6; depth++) step(() => log.info(noisy(log, depth), "outer"));
    });
  }
});

test("what throws in pino is in the line, and is reported", () => {
  const thrower = {
    get a() {
      return boom();
    },
    b: 1,
  };
  const { outcomes, errors } = withOurs(
    { serializers: { user: boom }, base: null, timestamp: false },
    calls(
      (log) => log.info(thrower, "getter"),
      (log) => log.info({ user: 1, b: 1 }, "serializer"),
      (log) => log.info("%d", Symbol("s")),
      (log) => log.info({ b: { toJSON: boom } }, "toJSON"),
      (log) => log.child({ user: 1, b: 2 }).info("bindings"),
      (log) => log.info(new Proxy({}, { ownKeys: boom }), "proxy"),
    ),
  );
  const mark = "[unable to serialize: TypeError: boom]";
  assert.deepEqual(outcomes.map(({ lines }) => JSON.parse(lines[0])), [
    { level: 30, a: mark, b: 1, msg: "getter" },
    { level: 30, user: mark, b: 1, msg: "serializer" },
    { level: 30, msg: "%d" },
    // So does pino with what throws within a value.
    {
      level: 30,
      b: "[unable to serialize, circular reference is too complex to analyze]",
      msg: "toJSON",
    },
    { level: 30, user: mark, b: 2, msg: "bindings" },
    { level: 30, loggerError: mark, msg: "proxy" },
  ]);
  assert.equal(errors.length, 5);
  const failing: object[] = [
    { mixin: boom },
    { formatters: { log: boom } },
    { timestamp: boom },
  ];
  for (const options of failing) {
    const { outcomes: [outcome] } = withOurs(options, calls((log) => log.info({ secret: 1 }, "m")));
    const { loggerError, msg, secret } = JSON.parse(outcome.lines[0]);
    assert.deepEqual([loggerError, msg, secret], [mark, "m", undefined]);
  }
  // A proxy whose every trap throws, as one that was revoked: the call, its time and its message stay.
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const given of [revoked, new Proxy(new Error("e"), { get: boom, getPrototypeOf: boom })]) {
    const { outcomes } = withOurs(
      { base: null },
      calls((log) => log.error(given, "%s is", "this")),
    );
    const { level, time, loggerError, msg } = JSON.parse(outcomes[0].lines[0]);
    assert.deepEqual([level, typeof time, msg], [50, "number", "%s is"]);
    assert.match(loggerError, /^\[unable to serialize: TypeError: /);
  }
  const hooked = withOurs({ hooks: { logMethod: boom } }, calls((log) => log.info("m")));
  assert.deepEqual([hooked.outcomes[0], hooked.errors.length], [
    { lines: [], isLasting: false },
    1,
  ]);
});

test("where pino makes no JSON, ours does", () => {
  const cycle: Record<string, unknown> = { numbers: new Float64Array([NaN]) };
  cycle.self = cycle;
  const scenario = calls(
    (log) => log.info({ a: 1 }, Symbol("s")),
    (log) => log.info({ cycle }),
  );
  for (const { lines } of withPino({}, scenario)) assert.throws(() => JSON.parse(lines[0]));
  for (const { lines } of withOurs({}, scenario).outcomes) JSON.parse(lines[0]);
});

test("wrong options and levels are errors that say what is meant", () => {
  const make = (options: object) => withOurs(options, () => {});
  assert.throws(() => make({ levl: "info" }), /"levl".*did you mean "level"/);
  assert.throws(() => make({ level: "inof" }), /unknown level "inof": did you mean "info"/);
  assert.throws(() => make({ useOnlyCustomLevels: true }), TypeError);
  assert.throws(() => make({ hooks: { logMethd: boom } }), /did you mean "logMethod"/);
  assert.throws(() => make({ formatters: { levels: boom } }), /did you mean "level"/);
  assert.throws(() => make({ redact: { path: [] } }), TypeError);
  assert.throws(() => make({ redact: ["a..b"] }), Error);
  assert.throws(() => make({ timestamp: 5 }), TypeError);
  const { outcomes } = withOurs({}, (log, step) => {
    step(() => log.level = "loud");
    step(() => log.child());
    step(() => log.child({}, { customLevels: { info: 5 } }));
    step(() => log.child({}, { customLevels: { mine: 30 } }));
  });
  for (const { thrown } of outcomes) {
    assert.ok(thrown instanceof RangeError || thrown instanceof TypeError);
  }
});
