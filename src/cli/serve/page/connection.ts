/// <reference lib="dom" />
/** The stream of events from the server. */

import type { Messages } from "../messages.ts";

/** What is asked of the server. */
export interface Request {
  /** The log; nothing: whichever there is. */
  log: string | undefined;
  search: string;
  level: string;
  /** Whether entries are wanted. */
  entries: boolean;
  /** The place of the last entry that is here. */
  after: string;
}

/** What is done with each kind of event. */
export type Handlers = { [K in keyof Messages]: (data: Messages[K]) => void };

/** How the connection is. */
export type ConnectionState = "open" | "waiting" | "refused";

const EVENTS = [
  "hello",
  "logs",
  "state",
  "history",
  "entries",
  "progress",
  "stats",
  "ring",
] as const;

/** A connection that can be made anew with another request. */
export class Connection {
  readonly #token = new URLSearchParams(location.search).get("token") ?? "";
  readonly #handlers: Handlers;
  readonly #onState: (state: ConnectionState) => void;
  #source: EventSource | undefined;

  constructor(handlers: Handlers, onState: (state: ConnectionState) => void) {
    this.#handlers = handlers;
    this.#onState = onState;
  }

  /** Asks for something else. */
  open(request: Request): void {
    this.close();
    const query = new URLSearchParams({ token: this.#token });
    if (request.log !== undefined) query.set("log", request.log);
    if (request.search !== "") query.set("search", request.search);
    if (request.level !== "") query.set("level", request.level);
    if (!request.entries) query.set("entries", "0");
    query.set("after", request.after);
    const source = new EventSource(`/events?${query}`);
    this.#source = source;
    for (const event of EVENTS) this.#listen(source, event);
    source.onopen = () => this.#onState("open");
    source.onerror = () => {
      this.#onState(source.readyState === EventSource.CLOSED ? "refused" : "waiting");
    };
  }

  /** Asks for nothing any more. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #listen<K extends keyof Messages>(source: EventSource, event: K): void {
    source.addEventListener(event, ({ data }) => {
      // What was on its way when something else was asked for.
      if (source === this.#source) this.#handlers[event](JSON.parse(data));
    });
  }
}
