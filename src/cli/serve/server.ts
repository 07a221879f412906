/**
 * The server of the live view: a page, and a stream of events for each page that is open.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import config from "../../../deno.json" with { type: "json" };
import type { LogTarget } from "../../log/native/target.ts";
import { Api } from "./api.ts";
import { Catalog } from "./catalog.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { EventStream } from "./event_stream.ts";
import { LiveGroup } from "./live_group.ts";
import { LiveLog } from "./live_log.ts";
import { page, policy } from "./page.ts";
import { filterOf, RequestError } from "./request.ts";
import { bearerOf, isOurHost, isSameSecret, randomToken, SECURE_HEADERS } from "./security.ts";
import { Watcher } from "./watcher.ts";

/** How the live view is served. */
export interface ServeOptions {
  /** The logs to choose from; none for all of this machine. */
  targets: readonly LogTarget[];
  /** The address to listen at. */
  host: string;
  /** The port to listen at; 0 for any that is free. */
  port: number;
  /** How many entries a second a page is sent at most. */
  mostEntries: number;
  /** Under which path the page is, without a slash at its end: `/logs`. Default: "". */
  basePath?: string;
  /** Names that the server has for others, of a proxy. Default: none. */
  allowedHosts?: readonly string[];
  /** The token that all who ask must have. Default: a random one. */
  token?: string | undefined;
  /** For how many milliseconds a page may take nothing before it is dropped. Default: a minute. */
  patience?: number;
}

/** How many pages may be open at once. */
const MOST_PAGES = 64;
/** How many connections there may be from which no question with the token has come yet. */
const MOST_STRANGERS = MOST_PAGES;
/** How long after a crowd of connections it is looked whether new ones come in, in milliseconds. */
const PROBE_AFTER = 1000;
/** How long a question may take to arrive, and a connection to ask again, in milliseconds. */
const MOST_ASKING = 10_000;
/** For how long a page may take nothing, in milliseconds. */
const PATIENCE = 60_000;
/** How often it is looked which logs there are, in milliseconds. */
const LIST_EVERY = 1000;
/** After how many such looks all pages get a message, changed or not. */
const BEAT = 8;

/** A server that is running. */
export class LiveServer {
  /** What to open in a browser. It holds the token: anybody with it may look. */
  readonly url: string;
  readonly #server: Server;
  readonly #address: AddressInfo;
  readonly #options: ServeOptions;
  readonly #token: string;
  readonly #catalog: Catalog;
  readonly #api: Api;
  readonly #logs = new Map<string, LiveLog | LiveGroup>();
  // With the revision of the list of logs that each was sent last.
  readonly #streams = new Map<EventStream, number>();
  // Connections from which no question with the token has come, the oldest first.
  readonly #strangers = new Set<Socket>();
  #admitted = 0;
  #probing: ReturnType<typeof setTimeout> | undefined;
  #beat = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(server: Server, options: ServeOptions) {
    this.#server = server;
    this.#options = options;
    this.#token = options.token ?? randomToken();
    this.#catalog = new Catalog(options.targets);
    this.#api = new Api(this.#catalog);
    this.#address = server.address() as AddressInfo;
    const { port } = this.#address;
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    this.url = `http://${host}:${port}${options.basePath ?? ""}/?token=${this.#token}`;
    server.on("connection", (socket) => this.#admit(socket));
    server.on("request", (request, response) => {
      try {
        this.#answer(request, response);
      } catch (error) {
        // Without a free descriptor, for one: the next question may have an answer.
        if (response.headersSent) response.destroy();
        else refuse(response, 503, error instanceof Error ? error.message : String(error));
      }
    });
    // What can't be accepted is not there; the next one may be.
    server.on("error", () => {});
  }

  /** Begins to listen. Rejects with the system's error if it can't. */
  static async start(options: ServeOptions): Promise<LiveServer> {
    const server = createServer({
      headersTimeout: MOST_ASKING,
      requestTimeout: MOST_ASKING,
      keepAliveTimeout: MOST_ASKING,
      connectionsCheckingInterval: 1000,
    });
    server.maxConnections = 2 * MOST_PAGES + MOST_STRANGERS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, options.host, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
    return new LiveServer(server, options);
  }

  /** How many logs are followed now. */
  get followedLogs(): number {
    return this.#logs.size;
  }

  /** How many pages are open now. */
  get pages(): number {
    return this.#streams.size;
  }

  /** Ends all streams, and listens no more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#probing);
    for (const stream of this.#streams.keys()) stream.close();
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
    this.#catalog.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /**
   * Lets a connection wait for its first question. Of too many strangers the one that has waited the
   * longest goes: connections are descriptors, of which logs want some, too.
   */
  #admit(socket: Socket): void {
    this.#admitted++;
    this.#strangers.add(socket);
    socket.on("close", () => this.#strangers.delete(socket));
    if (this.#strangers.size <= MOST_STRANGERS) return;
    const [oldest] = this.#strangers;
    this.#strangers.delete(oldest);
    oldest.destroy();
    if ("Deno" in globalThis) this.#probing ??= setTimeout(() => this.#probe(), PROBE_AFTER);
  }

  /**
   * Listens again if no connection comes in: without a free descriptor Deno stops accepting any, and
   * does not report it. Pages whose streams that ends come back by themselves.
   */
  #probe(): void {
    const { address, port } = this.#address;
    const before = this.#admitted;
    const probe = connect(port, address).on("error", () => {});
    this.#probing = setTimeout(() => {
      this.#probing = undefined;
      probe.destroy();
      if (this.#admitted > before) return;
      if (this.#server.listening) this.#server.close();
      this.#server.listen(port, this.#options.host);
      // The address may not be free at once.
      this.#probing = setTimeout(() => this.#probe(), PROBE_AFTER);
    }, PROBE_AFTER);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // Before anything else, even for what does not exist: strangers learn nothing.
    if (!this.#isForUs(request)) {
      return refuse(response, 421, "This server has another name: --allow-host adds one.");
    }
    const url = parseUrl(request.url);
    if (url === undefined || !this.#isAllowed(request, url)) {
      return refuse(response, 403, "The token is missing, or not the one of this server.");
    }
    this.#strangers.delete(request.socket);
    if (request.method !== "GET") return refuse(response, 405, "Only GET is known here.");
    const { basePath = "" } = this.#options;
    if (url.pathname.startsWith(`${basePath}/api/`)) {
      const path = url.pathname.slice(`${basePath}/api/`.length);
      void this.#api.answer(path, url.searchParams, response);
      return;
    }
    switch (url.pathname) {
      case `${basePath}/`:
        response.writeHead(200, {
          ...SECURE_HEADERS,
          "content-security-policy": policy,
          "content-type": "text/html; charset=utf-8",
        });
        response.end(page);
        return;
      case `${basePath}/events`:
        return this.#stream(request, response, url.searchParams);
      default:
        return refuse(response, 404, "There is nothing here.");
    }
  }

  /** Whether it was meant for us, also where a proxy has put its own name in place of the browser's. */
  #isForUs({ headers }: IncomingMessage): boolean {
    const { host, allowedHosts } = this.#options;
    const forwarded = headers["x-forwarded-host"];
    const names = [headers.host, ...forwarded === undefined ? [] : String(forwarded).split(",")];
    return names.every((name) => isOurHost(name?.trim(), host, allowedHosts));
  }

  #isAllowed({ headers }: IncomingMessage, url: URL): boolean {
    const given = [bearerOf(headers.authorization), url.searchParams.get("token") ?? ""];
    return given.some((token) => isSameSecret(token, this.#token));
  }

  #stream(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    this.#catalog.refresh();
    const { logs, revision } = this.#catalog;
    const name = query.get("log") ??
      (logs.find(({ isWriterAlive }) => isWriterAlive) ??
        logs.find(({ isThere }) => isThere) ?? logs[0])?.name;
    let filter: EntryFilter;
    try {
      filter = filterOf(query, name);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return refuse(response, error.status, error.message);
    }
    if (this.#streams.size >= MOST_PAGES) {
      return refuse(response, 503, `No more than ${MOST_PAGES} pages may be open.`);
    }
    // A page may hold on to a log that is gone: it may come back.
    const log = name === undefined ? undefined : this.#follow(name);
    const { mostEntries } = this.#options;
    const stream = new EventStream(response, SECURE_HEADERS, {
      onClose: () => {
        this.#streams.delete(stream);
        if (log !== undefined) log.remove(watcher);
      },
      onReady: () => watcher.flush(),
    });
    const watcher = new Watcher(stream, {
      filter,
      wantsEntries: query.get("entries") !== "0",
      mostEntries,
    });
    this.#streams.set(stream, revision);
    stream.send("hello", { version: config.version, log: log?.target.name, mostEntries });
    // Not before they were looked at: an empty list would say that there is no log.
    if (revision > 0) this.#sendLogs(stream);
    this.#timer ??= setTimeout(() => this.#list(), LIST_EVERY);
    // A connection that broke continues where it was, otherwise the page says where.
    log?.add(watcher, String(request.headers["last-event-id"] ?? query.get("after")));
  }

  #follow(name: string): LiveLog | LiveGroup | undefined {
    const known = this.#logs.get(name);
    if (known !== undefined) return known;
    if (this.#catalog.members(name).length > 0) {
      const find = () => this.#catalog.members(name);
      const group = new LiveGroup(name, find, () => this.#logs.delete(name));
      this.#logs.set(name, group);
      return group;
    }
    const target = this.#catalog.find(name);
    if (target === undefined) return undefined;
    const log = new LiveLog(target, () => this.#logs.delete(name));
    this.#logs.set(name, log);
    return log;
  }

  /** Tells all pages which logs there are, when that has changed. */
  #list(): void {
    this.#timer = undefined;
    if (this.#streams.size === 0) return;
    this.#catalog.refresh();
    const { revision } = this.#catalog;
    const { patience = PATIENCE } = this.#options;
    // Now and then in any case: a connection on which nothing comes is taken for dead by some.
    const isBeat = ++this.#beat % BEAT === 0;
    for (const [stream, last] of this.#streams) {
      if (stream.stalledFor > patience) stream.cut();
      if (!stream.isReady || revision === 0 || (last === revision && !isBeat)) continue;
      this.#streams.set(stream, revision);
      this.#sendLogs(stream);
    }
    this.#timer = setTimeout(() => this.#list(), LIST_EVERY);
  }

  #sendLogs(stream: EventStream): void {
    const { logs, unlisted } = this.#catalog;
    stream.send("unlisted", { count: unlisted });
    stream.send("logs", logs);
  }
}

function parseUrl(path: string | undefined): URL | undefined {
  try {
    return new URL(path ?? "", "http://localhost");
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...SECURE_HEADERS, "content-type": "text/plain; charset=utf-8" });
  response.end(`${why}\n`);
}
