/** Lines as logging libraries write them, and broken ones, by a seed. */

import { Buffer } from "node:buffer";
import type { Random } from "./random.ts";

const WORDS = [
  "timed out",
  "request completed",
  "Kind",
  "ſtart",
  "\u212aelvin",
  "İd",
  "naïve",
  "\\u",
];
const NAMES = ["level", "lvl", "severity", "severityNumber", "msg", "message", "time", "log"];
const LEVELS = [
  10,
  20,
  30,
  35,
  40,
  50,
  60,
  "info",
  "ERROR",
  "warning",
  "http",
  3,
  99,
  null,
  "nope",
];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)];
}

/** Some fields that say little, of which one may be nested. */
function fields(random: Random): object {
  return {
    ms: random.below(1e5) / 10,
    id: random.below(2) === 0 ? `r-${random.below(1e6)}` : random.below(1e6),
    ...random.below(3) === 0 &&
      { req: { method: "POST", url: "/pay", tags: ["a", 1e-7, true, null] } },
    ...random.below(4) === 0 && { note: `a "quote"\n${pick(random, WORDS)} \\ é` },
  };
}

/** The JSON line of a library, whose level is plain to see. */
export function plainLine(random: Random, time: number): string {
  const message = pick(random, WORDS);
  const iso = new Date(time).toISOString();
  const more = fields(random);
  switch (random.below(6)) {
    case 0:
      return JSON.stringify({
        level: 10 * (1 + random.below(6)),
        time,
        pid: 1,
        ...more,
        msg: message,
      });
    case 1:
      return JSON.stringify({
        level: pick(random, ["info", "warn", "error"]),
        message,
        timestamp: iso,
      });
    case 2:
      return JSON.stringify({
        "@timestamp": iso,
        level: pick(random, ["INFO", "WARNING", "DEBUG"]),
        message,
        logger: "app.db",
        properties: more,
      });
    case 3:
      return JSON.stringify({
        timeUnixNano: `${time}000000`,
        severityNumber: 1 + random.below(24),
        body: { stringValue: message },
      });
    case 4:
      return `${iso} stderr F ${
        JSON.stringify({ level: 30 + 10 * random.below(3), msg: message })
      }`;
    default:
      return `{ "severity" : "${pick(random, ["INFO", "ERROR"])}" , "message" : "${
        message.replaceAll("\\", "\\\\")
      }" }\n`;
  }
}

/** Any line: of a library, of a person, of a stack, with names twice, in parts, or damaged. */
export function randomLine(random: Random, time: number): Uint8Array {
  const line = plainLine(random, time);
  const iso = new Date(time).toISOString();
  switch (random.below(12)) {
    case 0:
      return Buffer.from(`    at ${pick(random, WORDS)} (file.ts:${random.below(100)})`);
    case 1:
      return Buffer.from(`${iso} [${pick(random, ["INF", "error", "x"])}] ${pick(random, WORDS)}`);
    case 2:
      return Buffer.from(
        `time=${iso} level=${pick(random, ["info", "error"])} msg="${pick(random, WORDS)}"`,
      );
    case 3:
      return Buffer.from(`${iso} stdout ${pick(random, ["F", "P", "P", "F:x", "F:é"])} ${line}`);
    case 4:
      // A second level, of which the last one counts, or one of another name.
      return Buffer.from(
        line.replace("}", `,"${pick(random, NAMES)}":${JSON.stringify(pick(random, LEVELS))}}`),
      );
    case 5:
      return Buffer.from(
        `{"${pick(random, NAMES)}":${JSON.stringify(pick(random, LEVELS))},${line.trim().slice(1)}`,
      );
    case 6: {
      const bytes = Buffer.from(line);
      for (let i = random.below(3); i >= 0; i--) {
        bytes[random.below(bytes.length)] = pick(random, [
          0x22,
          0x5c,
          0x7b,
          0x2c,
          0xff,
          0x00,
          0x31,
          0xc3,
        ]);
      }
      return bytes;
    }
    case 7: {
      const bytes = Buffer.from(line);
      return bytes.subarray(random.below(3), bytes.length - random.below(bytes.length >> 1));
    }
    case 8:
      // With a letter of a word as an escape: the same to a parser.
      return Buffer.from(
        line.replaceAll(/(?<=tim|reques|metho|leve)[a-z]/g, (letter) => {
          return `\\u00${letter.charCodeAt(0).toString(16)}`;
        }),
      );
    case 9:
      return Buffer.from(JSON.stringify({ resourceLogs: [], level: 30, line }));
    default:
      return Buffer.from(line);
  }
}
