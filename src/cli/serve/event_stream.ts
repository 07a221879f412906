/**
 * Server-sent events to one page, at the speed at which it takes them.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Messages } from "./messages.ts";

/** What a stream of events does for its source. */
export interface EventSink {
  /** Whether what was sent is taken: before that nothing more should be sent. */
  readonly isReady: boolean;
  /** Sends an event; `id` is where a page continues that loses the connection. */
  send<K extends keyof Messages>(event: K, data: Messages[K], id?: string): void;
}

/** Called when a stream changes. */
export interface EventStreamHandlers {
  /** Called once, when the page is gone. */
  onClose(): void;
  /** Called when the page has taken what it was sent. */
  onReady(): void;
}

/** A response that is a stream of events. */
export class EventStream implements EventSink {
  readonly #response: ServerResponse;
  #isClosed = false;
  /** When it last had taken all that it was sent. */
  #takenAt = performance.now();

  /** Begins the response. */
  constructor(
    response: ServerResponse,
    headers: Record<string, string>,
    { onClose, onReady }: EventStreamHandlers,
  ) {
    this.#response = response;
    response.on("close", () => {
      this.#isClosed = true;
      onClose();
    });
    // A connection that is lost while we write: the close that follows says it all.
    response.on("error", () => {});
    response.on("drain", () => {
      this.#takenAt = performance.now();
      onReady();
    });
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream",
      // For nginx, which would collect events until it has some kilobytes of them.
      "x-accel-buffering": "no",
    });
    // How long to wait before connecting again, in milliseconds.
    this.#write("retry: 1000\n\n");
  }

  /** Whether all that was sent has gone to the system, whose own buffers are bounded. */
  get isReady(): boolean {
    return !this.#isClosed && !this.#response.writableNeedDrain;
  }

  /** For how many milliseconds something has waited for the page; some hundred kilobytes at most. */
  get stalledFor(): number {
    return this.#response.writableNeedDrain ? performance.now() - this.#takenAt : 0;
  }

  /** Sends an event, unless the page is gone. */
  send<K extends keyof Messages>(event: K, data: Messages[K], id?: string): void {
    if (this.#isClosed) return;
    const head = id === undefined ? `event: ${event}` : `id: ${id}\nevent: ${event}`;
    // JSON has no line ends in it.
    this.#write(`${head}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends the response. */
  close(): void {
    this.#isClosed = true;
    this.#response.end();
  }

  /** Cuts the connection: what waits for it is dropped. */
  cut(): void {
    // Of the socket, too: of a half-closed one Bun does not say that it is gone.
    const { socket } = this.#response;
    this.#response.destroy();
    socket?.destroy();
  }

  #write(text: string): void {
    if (!this.#response.writableNeedDrain) this.#takenAt = performance.now();
    this.#response.write(text);
  }
}
