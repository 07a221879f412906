/** What was thrown, as fields and as text: nothing of it is lost, and nothing makes it throw. */

import assert from "node:assert/strict";
import test from "node:test";
import { runInNewContext } from "node:vm";
import { errorCodes, errorFields, errorText } from "../../src/sinks/error_fields.ts";

test("errorFields() has causes, own fields, and the errors of an AggregateError", () => {
  const root = Object.assign(new Error("root"), { code: "ECONNREFUSED", port: 5432 });
  const error = new AggregateError([new TypeError("one"), "two"], "both", {
    cause: new RangeError("middle", { cause: root }),
  });
  const { type, message, stack, cause, errors } = errorFields(error);
  assert.deepEqual([type, message], ["AggregateError", "both"]);
  assert.match(stack ?? "", /error_fields\.test/);
  assert.equal(cause?.type, "RangeError");
  const { stack: _, ...deepest } = cause?.cause ?? {};
  assert.deepEqual(deepest, {
    type: "Error",
    message: "root",
    code: "ECONNREFUSED",
    port: 5432,
  });
  assert.deepEqual(errors?.map(({ type, message }) => [type, message]), [
    ["TypeError", "one"],
    ["string", "two"],
  ]);
  const text = errorText(errorFields(error));
  for (const part of [/both/, /caused by: RangeError: middle/, /code: "ECONNREFUSED"/, /: two/]) {
    assert.match(text, part);
  }
});

test("errorFields() shows what is no error, and errors of other realms", () => {
  assert.deepEqual(errorFields("text"), { type: "string", message: "text" });
  assert.deepEqual(errorFields(null), { type: "object", message: "null" });
  assert.deepEqual(errorFields(undefined), { type: "undefined", message: "undefined" });
  assert.deepEqual(errorFields(Symbol("s")), { type: "symbol", message: "Symbol(s)" });
  assert.deepEqual(errorFields({ status: 500, id: 7n }), {
    type: "object",
    message: '{"status":500,"id":"7"}',
  });
  const foreign = runInNewContext("new TypeError('foreign', { cause: new Error('other') })");
  const { type, message, cause } = errorFields(foreign);
  assert.deepEqual([type, message, cause?.message], ["TypeError", "foreign", "other"]);
});

test("errorCodes() has no values of the application but a code", () => {
  const secret = { password: "hunter2", config: { headers: { authorization: "hunter2" } } };
  const cause = Object.assign(new Error("root"), secret, { errno: -111, syscall: "connect" });
  const error = Object.assign(
    new AggregateError([Object.assign(new Error("one"), secret)], "all"),
    {
      ...secret,
      cause,
      code: "E_ALL",
    },
  );
  const fields = errorCodes(error);
  assert.deepEqual(Object.keys(fields), ["type", "message", "stack", "code", "cause", "errors"]);
  assert.deepEqual(Object.keys(fields.cause ?? {}), [
    "type",
    "message",
    "stack",
    "errno",
    "syscall",
  ]);
  const odd = Object.assign(new Error("odd"), { code: secret, errno: NaN });
  for (const thrown of [error, secret, odd, { cause: secret }]) {
    assert.doesNotMatch(JSON.stringify(errorCodes(thrown)), /hunter2/);
  }
  assert.equal(errorCodes(secret).message, "an object with the fields password, config");
  assert.equal(errorCodes({ message: "said" }).message, "said");
});

test("an error is shown once, however many say that it is their cause", () => {
  const all = new AggregateError([], "all");
  const each = Array.from({ length: 16 }, (_, i) => new Error(`error ${i}`, { cause: all }));
  all.errors.push(...each);
  for (const fields of [errorFields(all), errorCodes(all)]) {
    assert.deepEqual(fields.errors?.map(({ message }) => message), each.map((one) => one.message));
    for (const { cause } of fields.errors!) assert.match(cause!.message, /shown already/);
    assert.ok(errorText(fields).length < 100_000);
  }
  // Another one at each look.
  const endless: object = {
    stack: "",
    message: "endless",
    get cause() {
      return Object.create(endless);
    },
    get errors() {
      return Array.from({ length: 16 }, () => Object.create(endless));
    },
  };
  assert.ok(errorText(errorFields(endless)).length < 200_000);
});

test("errorFields() replaces what can't be shown, and keeps the rest", () => {
  const circle: Record<string, unknown> = { name: "circle" };
  circle.self = circle;
  const deep = new Error("deep");
  deep.cause = deep;
  const error = Object.assign(new Error("kept"), {
    circle,
    big: 12n,
    nan: NaN,
    when: new Date(0),
    bytes: new Uint8Array(3),
    work() {},
    good: "yes",
  });
  Object.defineProperty(error, "bad", {
    enumerable: true,
    get() {
      throw new Error("no");
    },
  });
  const fields = errorFields(error);
  const { big, nan, bytes, good, bad, message } = fields;
  assert.deepEqual([big, nan, bytes, good, bad, message], [
    "12",
    "NaN",
    "3 bytes",
    "yes",
    "[can't be shown]",
    "kept",
  ]);
  assert.ok(JSON.stringify(fields).length < 5000);
  assert.ok(JSON.stringify(errorFields(deep)).length < 50_000);
  const hostile = new Proxy({}, {
    get() {
      throw new Error("no");
    },
    ownKeys() {
      throw new Error("no");
    },
    getPrototypeOf() {
      throw new Error("no");
    },
  });
  for (const thrown of [hostile, Object.create(null), { stack: 1, message: {}, errors: hostile }]) {
    assert.equal(typeof errorText(errorFields(thrown)), "string");
  }
});
