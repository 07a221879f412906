/** NATS's own client, to look at streams with. */

import * as exported from "@nats-io/jetstream";
// forward() and receive() load it by themselves; who installs what tests import shall install it.
import type {} from "@nats-io/transport-node";

/** What the package exports: it is a CommonJS one. */
export const jetstreamClient: typeof exported =
  (exported as typeof exported & { default?: typeof exported }).default ?? exported;
