/** The server of the live view, and a page without a browser: what the server answers. */

import { get, type IncomingMessage, request } from "node:http";
import { type LogTarget, ShmLogWriter } from "../../mod.ts";
import type { Messages } from "../../src/cli/serve/messages.ts";
import { LiveServer, type ServeOptions } from "../../src/cli/serve/server.ts";
import { uniqueName } from "./runtime.ts";

/** A name for a log to look at. */
export const newName = (): string => uniqueName("serve");

/** A log to look at. */
export function makeLog(name: string = newName(), chunkSize: number = 65536): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize, chunkCount: 4 });
}

/** A server for as long as a test needs it. */
export async function withServer(
  targets: readonly LogTarget[],
  use: (server: LiveServer) => Promise<void>,
  mostEntries = 10_000,
  options: Partial<ServeOptions> = {},
): Promise<void> {
  const server = await LiveServer.start({
    targets,
    host: "127.0.0.1",
    port: 0,
    mostEntries,
    ...options,
  });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

/** An answer. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Asks once, with whatever headers. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => body += text);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** An event of the stream. */
export type ServerEvent = {
  [K in keyof Messages]: { event: K; data: Messages[K]; id: string | undefined };
}[keyof Messages];

/** A stream of events that is open. */
export class EventClient {
  readonly events: ServerEvent[] = [];
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly #response: IncomingMessage;
  #look = () => {};
  #hasEnded = false;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    let text = "";
    response.setEncoding("utf8").on("data", (piece: string) => {
      const parts = (text + piece).split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) this.#take(part);
      this.#look();
    });
    response.on("error", () => {});
    response.on("close", () => this.#hasEnded = true);
  }

  /** Opens the stream of the server at `url` with more in its query. */
  static open(
    url: string,
    query: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<EventClient> {
    const address = new URL(url);
    address.pathname += "events";
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    return new Promise((resolve, reject) => {
      get(address, { agent: false, headers }, (response) => resolve(new EventClient(response)))
        .on("error", reject);
    });
  }

  /** All that came of one kind. */
  all<K extends keyof Messages>(event: K): Messages[K][] {
    return this.events.filter((one) => one.event === event).map((one) => one.data as Messages[K]);
  }

  /** The numbers and texts of all entries that came. */
  get entries(): [number: number, text: string][] {
    return this.all("entries").flatMap(({ rows }) =>
      rows.map(([number, text]): [number, string] => [number, text])
    );
  }

  /** Waits for something to be true of what came; an error if it ends before. */
  until(condition: (client: EventClient) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`the stream ended before, with status ${this.status}`));
      this.#response.on("close", fail);
      this.#look = () => {
        if (!condition(this)) return;
        this.#response.off("close", fail);
        resolve();
      };
      this.#look();
      // What was refused has ended by now.
      if (this.#hasEnded) fail();
    });
  }

  /** Takes nothing more, for now. */
  pause(): void {
    this.#response.pause();
  }

  /** Goes on. */
  resume(): void {
    this.#response.resume();
  }

  /** Closes the stream. */
  close(): void {
    this.#response.on("close", () => {});
    this.#response.destroy();
  }

  #take(part: string): void {
    const fields = new Map(
      part.split("\n").map((line) => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }),
    );
    const [event, data] = [fields.get("event"), fields.get("data")];
    if (event === undefined || data === undefined) return;
    this.events.push({ event, data: JSON.parse(data), id: fields.get("id") } as ServerEvent);
  }
}
