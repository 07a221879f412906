/// <reference lib="dom" />
/** The stream of events from the server. */

import type { Found } from "../find_entries.ts";
import type { Messages } from "../messages.ts";
import type { Timeline } from "../timeline.ts";
import { type Answer, ask, token } from "./ask.ts";
import type { ConnectionState, Handlers, Request, Shown, Source } from "./source.ts";

/** How long to wait before a server that had no room is asked again, in milliseconds. */
const ROOM_EVERY = 5000;

const EVENTS = [
  "hello",
  "unlisted",
  "logs",
  "state",
  "history",
  "entries",
  "progress",
  "stats",
  "ring",
] as const;

/** A connection that can be made again with another request. */
export class Connection implements Source {
  readonly #handlers: Handlers;
  readonly #onState: (state: ConnectionState, reason?: string) => void;
  readonly #again: () => void;
  #source: EventSource | undefined;

  /** `again` is called when it is time to ask again, from where the page is by then. */
  constructor(
    handlers: Handlers,
    onState: (state: ConnectionState, reason?: string) => void,
    again: () => void,
  ) {
    this.#handlers = handlers;
    this.#onState = onState;
    this.#again = again;
  }

  /** Asks for something else. */
  open(request: Request): void {
    this.close();
    const query = new URLSearchParams({ token });
    if (request.log !== undefined) query.set("log", request.log);
    if (request.where !== "") query.set("where", request.where);
    if (request.level !== "") query.set("level", request.level);
    if (request.span !== undefined) {
      query.set("since", new Date(request.span.from).toISOString());
      query.set("until", new Date(request.span.to).toISOString());
    }
    if (!request.entries) query.set("entries", "0");
    query.set("after", request.after);
    // Beside the page, which may be anywhere behind a proxy.
    const url = `events?${query}`;
    const source = new EventSource(url);
    this.#source = source;
    for (const event of EVENTS) this.#listen(source, event);
    source.onopen = () => this.#onState("open");
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return this.#onState("waiting");
      this.#onState("refused");
      this.#askWhy(source, url);
    };
  }

  /** A stream that is refused does not say why. */
  async #askWhy(source: EventSource, url: string): Promise<void> {
    let response: Response | undefined;
    let why: string | undefined;
    try {
      response = await fetch(url);
      if (response.ok) await response.body?.cancel();
      else why = (await response.text()).trim();
    } catch {
      // It is gone by now.
    }
    if (source !== this.#source) return;
    // Without the token there is nothing to wait for.
    if (response?.status === 403) return this.#onState("refused", why);
    this.#onState("waiting", why);
    setTimeout(() => source === this.#source && this.#again(), ROOM_EVERY);
  }

  /** Asks for nothing any more. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  /** Asks how entries spread over time. */
  timeline(
    { log, where, level }: Shown,
    signal: AbortSignal,
  ): Promise<Answer<Timeline> | undefined> {
    return ask(`api/logs/${encodeURIComponent(log)}/timeline`, { where, level }, signal);
  }

  /** Asks for an entry, and those around it. */
  around(log: string, seq: number, context: number): Promise<Answer<Found> | undefined> {
    const path = `api/logs/${encodeURIComponent(log)}/entries`;
    return ask(path, { around: String(seq), context: String(context) });
  }

  #listen<K extends keyof Messages>(source: EventSource, event: K): void {
    source.addEventListener(event, ({ data }) => {
      // What was on its way when something else was asked for.
      if (source === this.#source) this.#handlers[event](JSON.parse(data));
    });
  }
}
