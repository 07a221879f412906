/**
 * What an answer of a collector means, by the specification of OTLP.
 *
 * @module
 */

import { CollectorRefusedError } from "../../../errors.ts";
import type { HttpAnswer } from "./http_client.ts";

/** What an answer means. */
export type Verdict =
  /** It was taken, or most of it: see the body. */
  | { readonly kind: "taken" }
  /** Try again, not before `pause` ms. */
  | { readonly kind: "later"; readonly description: string; readonly pause?: number }
  | Never
  /** It does not let us in, or is no collector. */
  | { readonly kind: "failed"; readonly error: CollectorRefusedError };

/** It is too large, or it is never taken. */
export interface Never {
  readonly kind: "too large" | "never";
  readonly description: string;
}

/** All others must not be sent again. */
const RETRYABLE = [429, 502, 503, 504];
/** It is not let in, or not a collector of logs: whatever is sent. */
const NO_COLLECTOR = [401, 403, 404, 405, 407, 415];
/** Longer than anything that is meant, in milliseconds. */
const LONGEST_PAUSE = 3_600_000;
/** How much of an answer is repeated, in characters. */
const MOST_WORDS = 200;

const decoder = new TextDecoder();

/** Judges an answer; `url` is for the text of an error. */
export function verdictOf({ status, headers, body }: HttpAnswer, url: URL): Verdict {
  const type = headers["content-type"] ?? "";
  const description = descriptionOf(status, type, body);
  if (status >= 200 && status < 300) {
    // A page of something in between: what it was given is not where it belongs.
    return /^text\/html\b/.test(type)
      ? { kind: "later", description: `${status} with a web page: no collector answers so` }
      : { kind: "taken" };
  }
  if (RETRYABLE.includes(status)) {
    const pause = pauseOf(headers["retry-after"]);
    return { kind: "later", description, ...pause !== undefined && { pause } };
  }
  if (status === 413) return { kind: "too large", description };
  if (NO_COLLECTOR.includes(status) || status < 400) {
    const where = `${url.origin}${url.pathname}`;
    const to = headers.location === undefined ? "" : ` to ${headers.location}`;
    const message = `the collector at ${where} refuses: ${description}${to}`;
    return { kind: "failed", error: new CollectorRefusedError(message) };
  }
  return { kind: "never", description };
}

/** A time of `Retry-After` from now: seconds, or a date. */
function pauseOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const pause = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return pause > 0 ? Math.min(pause, LONGEST_PAUSE) : undefined;
}

/** The status, and the words of a body that is text. */
function descriptionOf(status: number, type: string, body: Uint8Array): string {
  let words = "";
  // A status of Google's in protobuf has a text in it, too, which is most of it.
  if (/^(text\/plain|application\/(json|x-protobuf))/.test(type)) {
    words = decoder.decode(body).replace(/[\p{Cc}\ufffd]+/gu, " ").trim().slice(0, MOST_WORDS);
  }
  return words === "" ? `status ${status}` : `status ${status}: ${words}`;
}
