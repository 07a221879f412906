/** Declared events, and members that all lines of a call have. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { bindContext, createLogger, type Logger, withContext } from "../../src/logger/mod.ts";
import { baseSeed, Random } from "../support/random.ts";
import { redactOf, serializersOf } from "./options.ts";
import { textOf, valueOf } from "./values.ts";

function make(options: object = {}): { log: Logger; lines(): string[]; errors: unknown[] } {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const log = createLogger({ writer, base: null, timestamp: false, onError, ...options });
  const reader = new Reader(memory);
  return { log, errors, lines: () => [...reader].map(({ text }) => text) };
}

test(`an event is the line that info(object, message) writes (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const names = ["id", "user", "ok", "ms", "path", "err", "password", 'quo"te', "é"];
  for (let i = 0; i < 300; i++) {
    const options: Record<string, unknown> = {};
    if (random.below(3) === 0) options.serializers = serializersOf(random);
    if (random.below(3) === 0) options.redact = redactOf(random);
    if (random.below(6) === 0) options.nestedKey = "payload";
    if (random.below(6) === 0) options.mixin = () => ({ mixed: 1 });
    if (random.below(6) === 0) options.msgPrefix = "[p] ";
    if (random.below(6) === 0) {
      options.formatters = { log: (object: object) => ({ ...object, f: 1 }) };
    }
    const { log, lines } = make(options);
    const count = 2 + random.below(names.length - 1);
    const fields = Object.fromEntries(
      names.slice(0, count).map((name) => [name, "json" as const]),
    );
    const message = textOf(random);
    const event = log.event(message, fields, { level: "warn" });
    const values = names.slice(0, count).map(() => valueOf(random, 2));
    const object = Object.fromEntries(names.slice(0, count).map((name, n) => [name, values[n]]));
    event(...values as never[]);
    event(object);
    log.warn(object, message);
    const [first, second, third] = lines();
    assert.equal(first, third);
    assert.equal(second, third);
  }
});

test("an event obeys its level, and leaves out what is undefined", () => {
  const { log, lines } = make({ level: "warn" });
  const event = log.event("done", { a: "int", b: "json", c: "boolean", d: "number", e: "string" });
  event(1);
  log.level = "info";
  event(1, undefined, true);
  event({ e: "x", a: 5 });
  event();
  event(1, [2, { x: null }], false, 0.5, "é");
  log.event("one value", { value: "json" })({ value: 1 });
  log.event("nothing", {})();
  log.child({ bound: 1 }).event("of a child", { a: "int" }, { level: "error" })(7);
  assert.deepEqual(lines(), [
    '{"level":30,"a":1,"c":true,"msg":"done"}',
    '{"level":30,"a":5,"e":"x","msg":"done"}',
    '{"level":30,"msg":"done"}',
    '{"level":30,"a":1,"b":[2,{"x":null}],"c":false,"d":0.5,"e":"é","msg":"done"}',
    '{"level":30,"value":{"value":1},"msg":"one value"}',
    '{"level":30,"msg":"nothing"}',
    '{"level":50,"bound":1,"a":7,"msg":"of a child"}',
  ]);
});

test("what a getter throws in an event or a span stands in its place", () => {
  const thrower = {
    get a(): number {
      throw new TypeError("boom");
    },
    b: 1,
  };
  const mark = "[unable to serialize: TypeError: boom]";
  for (const options of [{}, { mixin: () => ({}) }]) {
    const { log, lines, errors } = make(options);
    log.event("done", { a: "int", b: "int" })(thrower);
    log.span("work", thrower).end(thrower);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    log.span("revoked", proxy);
    const [event, begin, end, revoked] = lines().map((line) => JSON.parse(line));
    assert.deepEqual(event, { level: 30, a: mark, b: 1, msg: "done" });
    for (const { a, b, msg } of [begin, end]) assert.deepEqual([a, b, msg], [mark, 1, "work"]);
    assert.match(revoked.loggerError, /TypeError/);
    assert.equal(errors.length, 4);
  }
});

test("a line whose time can't be made is there, whichever call has made it", () => {
  const timestamp = () => {
    throw new TypeError("boom");
  };
  const { log, lines, errors } = make({ timestamp });
  log.info("message");
  log.info({ a: 1 }, "object");
  log.event("event", { a: "int" })(1);
  const loggerError = "[unable to serialize: TypeError: boom]";
  assert.deepEqual(
    lines().map((line) => JSON.parse(line)),
    ["message", "object", "event"].map((msg) => ({ level: 30, loggerError, msg })),
  );
  assert.equal(errors.length, 3);
});

test("nothing is written at the level silent, and that is no error", () => {
  const { log, lines, errors } = make();
  log.event("event", { a: "int" }, { level: "silent" })(1);
  log.span("span", {}, { level: "silent" }).end();
  assert.deepEqual([lines(), errors], [[], []]);
});

test("an event that is declared wrongly is an error", () => {
  const { log } = make();
  assert.throws(() => log.event("x", { a: "integer" as "int" }), /type of the field a.*"int"/);
  assert.throws(() => log.event(5 as never, {}), TypeError);
  assert.throws(() => log.event("x", {}, { level: "inof" }), RangeError);
});

test("withContext(): in all that the call starts, and in nothing else", async () => {
  const { log, lines } = make();
  const child = log.child({ bound: 1 });
  log.info("before");
  const result = withContext({ requestId: "r-1", n: 1 }, () => {
    log.info({ own: 1 }, "in it");
    return withContext({ user: { id: 7 } }, async () => {
      child.info("inner");
      await setImmediate();
      bindContext({ late: true });
      log.info("later");
      await setImmediate();
      child.info("still");
      return 5;
    });
  });
  log.info("outside");
  assert.equal(await result, 5);
  log.info("after");
  assert.deepEqual(lines(), [
    '{"level":30,"msg":"before"}',
    '{"level":30,"requestId":"r-1","n":1,"own":1,"msg":"in it"}',
    '{"level":30,"bound":1,"requestId":"r-1","n":1,"user":{"id":7},"msg":"inner"}',
    '{"level":30,"msg":"outside"}',
    '{"level":30,"requestId":"r-1","n":1,"user":{"id":7},"late":true,"msg":"later"}',
    '{"level":30,"bound":1,"requestId":"r-1","n":1,"user":{"id":7},"late":true,"msg":"still"}',
    '{"level":30,"msg":"after"}',
  ]);
});

test("withContext(): each logger redacts and serializes as it does", () => {
  const one = make({ redact: ["secret"] });
  const two = make({ serializers: { user: (user: { id: number }) => user.id } });
  withContext({ secret: "s", user: { id: 7 } }, () => {
    for (let i = 0; i < 2; i++) {
      one.log.info("m");
      two.log.info("m");
    }
  });
  const line = '{"level":30,"secret":"[Redacted]","user":{"id":7},"msg":"m"}';
  assert.deepEqual(one.lines(), [line, line]);
  const other = '{"level":30,"secret":"s","user":7,"msg":"m"}';
  assert.deepEqual(two.lines(), [other, other]);
});

test("withContext(): a formatter of bindings is for its logger, in any order of calls", () => {
  const bindings = ({ secret: _, ...others }: Record<string, unknown>) => ({ ...others, f: 1 });
  for (const isChildFirst of [true, false]) {
    const { log, lines } = make({ formatters: { bindings } });
    const child = log.child({});
    withContext({ secret: 1 }, () => {
      for (const one of isChildFirst ? [child, log] : [log, child]) one.info("m");
    });
    const [ofChild, ofRoot] = isChildFirst ? lines() : lines().reverse();
    assert.equal(ofRoot, '{"level":30,"f":1,"msg":"m"}');
    assert.equal(ofChild, '{"level":30,"secret":1,"msg":"m"}');
  }
});

test("withContext(): what is thrown passes, and members that throw are marked", () => {
  const { log, lines, errors } = make();
  assert.throws(() =>
    withContext({}, () => {
      throw new RangeError("mine");
    }), /mine/);
  const bad = {
    get a() {
      throw new Error("boom");
    },
  };
  withContext(bad, () => log.info("m"));
  assert.match(lines()[0], /"a":"\[unable to serialize: Error: boom\]","msg":"m"/);
  assert.equal(errors.length, 1);
});
