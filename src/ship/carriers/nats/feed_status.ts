/**
 * What a server has to say to who asks for messages, beside messages.
 *
 * @module
 */

import type { Msg } from "@nats-io/transport-node";

/** What a status message says. */
export interface FeedStatus {
  /**
   * `"alive"`: a sign of life; `"ask again"`: a request has ended as requests do; `"not for us"`: the
   * consumer allows no such requests; `"deleted"`: there is no consumer any more; `"begin anew"`: all
   * else.
   */
  readonly verdict: "alive" | "ask again" | "not for us" | "deleted" | "begin anew";
  /** How many messages a request that has ended did not bring; `undefined`: no request is left. */
  readonly left: number | undefined;
  /** In words. */
  readonly text: string;
}

/** Reads a status message. */
export function statusOf({ headers }: Msg): FeedStatus {
  const code = headers?.code ?? 0;
  const text = headers?.description?.toLowerCase() ?? "";
  const left = Number(headers?.get("Nats-Pending-Messages") || "0");
  if (code === 100) return { verdict: "alive", left, text };
  if (code === 408) return { verdict: "ask again", left, text };
  if (code === 404 || code === 409 && text.includes("maxbytes")) {
    return { verdict: "ask again", left: left === 0 ? undefined : left, text };
  }
  if (code === 409 && text.startsWith("exceeded")) return { verdict: "not for us", left, text };
  return { verdict: text.includes("deleted") ? "deleted" : "begin anew", left, text };
}
