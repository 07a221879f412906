/**
 * Server-sent events to one page, at the speed at which it takes them.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Messages } from "./messages.ts";

/** What a stream of events does for whoever fills it. */
export interface EventSink {
  /** Whether what was sent is taken: before that nothing more should be sent. */
  readonly isReady: boolean;
  /** Sends an event; `id` is where a page that loses the connection goes on. */
  send<K extends keyof Messages>(event: K, data: Messages[K], id?: string): void;
}

/** A response that is a stream of events. */
export class EventStream implements EventSink {
  readonly #response: ServerResponse;
  #isClosed = false;

  /** Begins the response. `onClose` is called once, when the page is gone. */
  constructor(response: ServerResponse, headers: Record<string, string>, onClose: () => void) {
    this.#response = response;
    response.on("close", () => {
      this.#isClosed = true;
      onClose();
    });
    // A connection that is lost while we write: the close that follows says it all.
    response.on("error", () => {});
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    // How long to wait before connecting anew, in milliseconds.
    response.write("retry: 1000\n\n");
  }

  /** Whether all that was sent has gone to the system, whose own buffers are bounded. */
  get isReady(): boolean {
    return !this.#isClosed && !this.#response.writableNeedDrain;
  }

  /** Sends an event, unless the page is gone. */
  send<K extends keyof Messages>(event: K, data: Messages[K], id?: string): void {
    if (this.#isClosed) return;
    const head = id === undefined ? `event: ${event}` : `id: ${id}\nevent: ${event}`;
    // JSON has no line ends in it.
    this.#response.write(`${head}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends the response. */
  close(): void {
    this.#isClosed = true;
    this.#response.end();
  }
}
