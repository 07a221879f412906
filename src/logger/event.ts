/**
 * Declared events: what is the same in each of their lines is made once.
 *
 * @module
 */

import { describe } from "../base/arguments.ts";
import { oneOf } from "../base/options.ts";
import { type LoggerInternals, STATE } from "./internals.ts";
import { memberOf } from "./fields.ts";
import { checkLevel, isOn } from "./levels.ts";
import { Piece } from "../line/piece.ts";
import type { Key, Style } from "./style.ts";
import type { EventFields, EventMethod, EventOptions } from "./types.ts";

const checkType = oneOf("int", "number", "string", "boolean", "json");

/** An event of a logger. */
export function declareEvent<Fields extends EventFields>(
  logger: LoggerInternals,
  message: string,
  fields: Fields,
  { level = "info" }: EventOptions,
): EventMethod<Fields> {
  if (typeof message !== "string") {
    throw new TypeError(`the message of an event is ${describe(message)}, but must be a string`);
  }
  const names = Object.keys(fields);
  for (const name of names) checkType(`the type of the field ${name}`, fields[name]);
  checkLevel(level, logger.levels);
  const number = logger.levels.values[level];
  // One object can be the value of a single field, or all of them.
  const isJsonOnly = names.length === 1 && fields[names[0]] === "json";
  let style: Style | undefined;
  let keys: Key[] = [];
  let tail = new Piece("");
  function log(a: unknown, b: unknown, c: unknown, d: unknown): void {
    const state = logger[STATE];
    const { core } = state;
    if (!isOn(logger, number)) return;
    if (state.style !== style) {
      style = state.style;
      keys = names.map((name) => state.style.key(name));
      const text = JSON.stringify(state.prefixed(message));
      tail = new Piece(`${core.messagePiece.text}${text}}`);
    }
    const object = arguments.length === 1 && typeof a === "object" && a !== null && !isJsonOnly
      ? a as Record<string, unknown>
      : undefined;
    if (state.isEventPlain) {
      const more = arguments.length > 4 ? Array.from(arguments) : undefined;
      state.writeEvent(number, keys, tail, object, a, b, c, d, more);
    } else {
      const values = Array.from(arguments);
      const fields = names.map((name, i) => [
        name,
        object === undefined ? values[i] : memberOf(state, object, name),
      ]);
      state.write(logger, number, Object.fromEntries(fields), state.prefixed(message));
    }
  }
  return log as EventMethod<Fields>;
}
