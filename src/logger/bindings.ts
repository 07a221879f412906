/**
 * Bindings as text: members that all lines of a logger have.
 *
 * @module
 */

import { pieceOf } from "../line/keys.ts";
import type { Formatters, LineSource } from "./line_source.ts";
import { markOf } from "./stringify.ts";

/** Options of a child that older code gives as bindings, which they are not. */
const OPTIONS: ReadonlySet<string> = new Set([
  "level",
  "serializers",
  "formatters",
  "customLevels",
]);

/** The formatter of bindings that changes nothing. */
export const asTheyAre: Formatters["bindings"] = (bindings) => bindings;

/**
 * The members of an object as text: JSON without the braces, with a comma before each. What a value
 * throws stands in its place, and is reported.
 */
export function bindingsText(state: LineSource, object: object): string {
  const { style, core } = state;
  let text = "";
  // deno-lint-ignore no-explicit-any
  let bindings: Record<string, any> = {};
  try {
    bindings = state.formatters.bindings(object) as typeof bindings;
  } catch (error) {
    core.sink.report(error);
    text += `,"loggerError":${JSON.stringify(markOf(error))}`;
  }
  for (const name in bindings) {
    if (name.length > 4 && OPTIONS.has(name) || !Object.hasOwn(bindings, name)) continue;
    let json: string | undefined;
    try {
      let value = bindings[name];
      if (value === undefined) continue;
      if (name in style.serializers) value = style.serializers[name](value);
      json = (style.stringifier(name) ?? style.stringify)(value);
    } catch (error) {
      core.sink.report(error);
      json = JSON.stringify(markOf(error));
    }
    if (json !== undefined) text += pieceOf(name).text + json;
  }
  return text;
}
