/**
 * What making a line needs of its logger.
 *
 * @module
 */

import type { Core } from "./core.ts";
import type { Style } from "./style.ts";

/** The formatters of a logger, as pino has them. */
export interface Formatters {
  /** Gives the object whose members say the level: `{ level: 30 }`. */
  level: (label: string, number: number) => object;
  /** Changes bindings before they are added. */
  // deno-lint-ignore no-explicit-any
  bindings: (bindings: Record<string, any>) => object;
  /** Changes the object that is logged. */
  // deno-lint-ignore no-explicit-any
  log: ((object: Record<string, any>) => Record<string, any>) | undefined;
}

/** A logger, as far as a line shows. */
export interface LineSource {
  readonly core: Core;
  readonly style: Style;
  readonly formatters: Formatters;
}
