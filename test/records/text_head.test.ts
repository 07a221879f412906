/** Lines of text that begin with a level, as programs in other languages write them. */

import assert from "node:assert/strict";
import test from "node:test";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { recognized } from "../support/recognized.ts";

/** A time of this machine, in milliseconds. */
function local(milliseconds: number, year = 2026, month = 11, day = 30): number {
  return new Date(year, month - 1, day, 11, 53, 53).getTime() + milliseconds;
}

const UTC = Date.UTC(2026, 10, 30, 11, 53, 53, 671);

const LINES: [what: string, line: string, time: number, level: string, message: string][] = [
  ["Python", "2026-11-30 11:53:53,671 ERROR worker: text", local(671), "error", "worker: text"],
  ["Python", "2026-11-30 11:53:53,671 CRITICAL text", local(671), "fatal", "text"],
  ["Python", "2026-11-30 11:53:53,671 - app.db - WARNING - text", local(671), "warn", "text"],
  ["Flask", "[2026-11-30 11:53:53,671] ERROR in app: text", local(671), "error", "in app: text"],
  ["gunicorn", "[2026-11-30 11:53:53 +0000] [12] [INFO] text", UTC - 671, "info", "text"],
  [
    "Spring",
    "2026-11-30T11:53:53.671+02:00  INFO 1234 --- [main] c.e.App : text",
    UTC - 7_200_000,
    "info",
    "1234 --- [main] c.e.App : text",
  ],
  [
    "Spring",
    "2026-11-30T11:53:53.671Z ERROR 1234 --- [main] c.e.App : text",
    UTC,
    "error",
    "1234 --- [main] c.e.App : text",
  ],
  [
    "logback",
    "2026-11-30 11:53:53.671 [main] WARN  c.e.App - t",
    local(671),
    "warn",
    "c.e.App - t",
  ],
  ["nginx", "2026/11/30 11:53:53 [error] 12#12: *1 text", local(0), "error", "12#12: *1 text"],
  ["nginx", "2026/11/30 11:53:53 [emerg] 12#12: text", local(0), "fatal", "12#12: text"],
  ["PostgreSQL", "2026-11-30 11:53:53.671 UTC [12] FATAL:  text", UTC, "fatal", "text"],
  ["loguru", "2026-11-30 11:53:53.671 | WARNING  | a.b:<module>:12 - t", local(671), "warn", "t"],
  ["Celery", "[2026-11-30 11:53:53,671: ERROR/MainProcess] text", local(671), "error", "text"],
  [
    "Django's server",
    '[30/Nov/2026 11:53:53] "GET /a?b="c" HTTP/1.1" 500 145',
    local(0),
    "error",
    '"GET /a?b="c" HTTP/1.1" 500 145',
  ],
  [
    "Django's server",
    '[30/Nov/2026 11:53:53] \x1b[33m"GET /a HTTP/1.1" 404 9\x1b[0m',
    local(0),
    "warn",
    '\x1b[33m"GET /a HTTP/1.1" 404 9\x1b[0m',
  ],
  [
    "Django's server",
    '[30/Nov/2026 11:53:53] "GET /a HTTP/1.1" 304 -',
    local(0),
    "info",
    '"GET /a HTTP/1.1" 304 -',
  ],
  ["others", "2026-11-30T11:53:53.671Z INFO", UTC, "info", ""],
];

for (const [what, line, time, level, message] of LINES) {
  test(`a line as of ${what} has its time and level: ${line}`, () => {
    const record = recognized(line);
    assert.deepEqual([record.time, record.level, record.message], [time, level, message]);
  });
}

for (
  const [line, level, message] of [
    [
      'INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK',
      "info",
      '127.0.0.1:5 - "GET / HTTP/1.1" 200 OK',
    ],
    ["ERROR:    Exception in ASGI application", "error", "Exception in ASGI application"],
    ["WARN: low", "warn", "low"],
    ["ERROR: the disk is full", "error", "the disk is full"],
    ["[WARN] low", "warn", "low"],
    ["[ERROR]\ttext", "error", "text"],
    ["[INFO]: text", "info", "text"],
  ]
) {
  test(`a level in capital letters before a colon, or in brackets, is one: ${line}`, () => {
    const record = recognized(line);
    assert.deepEqual([record.time, record.level, record.message], [undefined, level, message]);
  });
}

test("a name that stands apart is the logger", () => {
  assert.equal(recognized("2026-11-30 11:53:53.671 | INFO | a.b:f:12 - t").logger, "a.b");
  assert.equal(recognized("2026-11-30 11:53:53,671 - app.db - WARNING - text").logger, "app.db");
  const { time, level, logger, message } = recognized("ERROR:root:text: more");
  assert.deepEqual([time, level, logger, message], [undefined, "error", "root", "text: more"]);
});

test("a line of klog has the year in which it is not in the future", () => {
  const now = new Date();
  const lineOf = (date: Date) => {
    const [month, day] = [date.getMonth() + 1, date.getDate()].map((n) => `${n}`.padStart(2, "0"));
    return `E${month}${day} 11:53:53.671234       1 file.go:12] text`;
  };
  for (const days of [0, 1, 40, 300]) {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
    // Of a leap day a year later nothing is known.
    const { time, level, message } = recognized(lineOf(date));
    const expected = local(671, date.getFullYear(), date.getMonth() + 1, date.getDate());
    assert.deepEqual([Math.trunc(time!), level, message], [expected, "error", "text"]);
  }
  const line = lineOf(now);
  for (const [letter, level] of [["I", "info"], ["W", "warn"], ["F", "fatal"]]) {
    assert.equal(recognized(letter + line.slice(1)).level, level);
  }
  assert.equal(recognizeRecord(lineOf(now), true)?.nanoseconds, 234_000);
});

test("sentences and other lines are no records", () => {
  for (
    const line of [
      "2026-11-30 11:53:53 error rates are down",
      "2026-11-30 11:53:53 HTTP server started",
      "2026-11-30 11:53:53 ERRORS are few",
      "2026-11-30 11:53:53 started with ERROR",
      "2026/11/30 11:53:53 started",
      "2026-13-45 11:53:53 ERROR text",
      "[2026] ERROR text",
      "Error: the disk is full",
      "INFORMATION: none",
      "[ERRORS] are few",
      "[error] or not",
      "ERROR in module x",
      "WARNING:do not",
      "Error:root:text",
      "INFO::text",
      "E1130 is a model",
      "E1340 11:53:53.671234 1 file.go:12] text",
      "E1130 11:53:53 1 file.go:12] text",
      "    at Error (file.js:1:2)",
      "[30/Nov/2026 11:53:53] code 400, message Bad request",
      '[30/Abc/2026 11:53:53] "GET / HTTP/1.1" 500 145',
      '[30/Nov/2026 11:53:53] "GET / HTTP/1.1" 500 145 "-"',
      '127.0.0.1 - - [30/Nov/2026 11:53:53] "GET / HTTP/1.1" 500 -',
    ]
  ) assert.equal(recognizeRecord(line), undefined, line);
});

test("in a line with a stamp that is the time, unless the text has a time with a zone", () => {
  const stamp = "2026-11-30T20:00:00.500Z stderr F ";
  const stamped = Date.UTC(2026, 10, 30, 20, 0, 0, 500);
  const cases: [string, number][] = [
    ["2026-11-30 11:53:53,671 ERROR text", stamped],
    ["ERROR:root:text", stamped],
    ["2026-11-30 11:53:53.671Z ERROR text", UTC],
  ];
  for (const [line, time] of cases) {
    const record = recognized(stamp + line);
    assert.deepEqual([record.time, record.level, record.stream], [time, "error", "stderr"]);
  }
});

test("a long line costs no more than a look at its beginning", () => {
  const spaces = " ".repeat(1e6);
  for (
    const head of [
      "2026-11-30 11:53:53",
      "2026-11-30 11:53:53 [",
      "[2026-11-30 11:53:53] - ",
      "E1130 11:53:53.671234",
    ]
  ) assert.equal(recognizeRecord(`${head}${spaces}x`), undefined);
});
