/**
 * Connections to a NATS server that last: as long as the server lets us in, they come back.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Authenticator, ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { ClosedError, NatsRefusedError, OuroborosError } from "../errors.ts";
import { sleep } from "../sleep.ts";
import { transportPackage } from "./packages.ts";

/** Where a NATS server is, and who we are. */
export interface NatsOptions {
  /**
   * The servers: `"nats://host:4222"`, `"tls://…"`, `"ws://…"`, or just `"host"`; several in a list, or
   * with commas between them. `nats://user:password@host` and `nats://token@host` say who we are.
   * Default `"nats://127.0.0.1:4222"`.
   */
  servers?: string | readonly string[];
  /** The name of this connection in the server's monitoring. Default `"ouroboros"`. */
  connectionName?: string;
  /** The path of a file of credentials (a JWT and its key), or its bytes. */
  creds?: string | Uint8Array;
  /** A user. */
  user?: string;
  /** And its password. */
  password?: string;
  /** A token. */
  token?: string;
  /** What the subjects begin with at which we get answers, for who may not use `_INBOX`. */
  inboxPrefix?: string;
  /** How to encrypt. A server that asks for it gets it without any of this. */
  tls?: NatsTlsOptions;
  /**
   * The longest pause between two attempts to reach a server, in milliseconds. The first ones follow
   * each other within 50 ms; each pause is about twice the one before. Default 5000.
   */
  maxReconnectDelay?: number;
  /** How long an attempt to reach a server may take, in milliseconds. Default 10000. */
  connectTimeout?: number;
  /** Told what becomes of the connection. */
  onStatus?: (status: NatsStatus) => void;
}

/** Files in PEM for encrypted connections. */
export interface NatsTlsOptions {
  /** The path of the certificates of authorities to trust, beside those of the runtime. */
  caFile?: string;
  /** The path of our certificate, for a server that wants one. */
  certFile?: string;
  /** The path of its key. */
  keyFile?: string;
}

/** What becomes of a connection. */
export interface NatsStatus {
  /**
   * `"connected"`, at first and again; `"disconnected"`: it will come back; `"retrying"`: an attempt to
   * reach a server for the first time has failed; `"refused"`: something was not permitted, see `error`;
   * `"closed"`: for good.
   */
  readonly type: "connected" | "disconnected" | "retrying" | "refused" | "closed";
  /** The server, as host and port, where one is known. */
  readonly server?: string;
  /** Why. */
  readonly error?: Error;
}

/** The first pause between two attempts, in milliseconds. */
const FIRST_DELAY = 50;
/** How long an attempt may take if nothing else is said, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How often a connection that is quiet is tried, in milliseconds; the second try in vain is its end. */
const PING_INTERVAL = 10_000;

/**
 * A connection to a NATS server, or to a cluster of them, that comes back when it is lost. It can be
 * shared by several forwarders and receivers.
 *
 * @example
 * ```typescript
 * import { NatsLink } from "@ouroboros/log/nats";
 *
 * await using link = await NatsLink.open({ servers: "nats://127.0.0.1:4222" });
 * console.log(link.client.info?.server_name);
 * ```
 */
export class NatsLink implements AsyncDisposable {
  readonly #options: NatsOptions;
  readonly #listeners = new Set<(status: NatsStatus) => void>();
  readonly #closing = new AbortController();
  readonly #closed = Promise.withResolvers<OuroborosError | undefined>();
  #client: NatsConnection;
  #watched: NatsConnection | undefined;
  #isConnected = true;
  #renewing: Promise<void> | undefined;

  private constructor(client: NatsConnection, options: NatsOptions) {
    this.#options = options;
    this.#client = client;
    this.#watch(client);
  }

  /**
   * Connects. A server that is not there is tried again and again; one that refuses us is not.
   *
   * @throws {NatsRefusedError} if a server does not let us in
   * @throws {PackageMissingError} if the client of NATS is not installed
   * @throws {RangeError} if an address is none
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  static async open(options: NatsOptions & { signal?: AbortSignal } = {}): Promise<NatsLink> {
    const { signal, ...others } = options;
    const client = await dialUntil(others, signal, (error) => {
      others.onStatus?.({ type: "retrying", error });
    });
    const link = new NatsLink(client, others);
    link.#tell({ type: "connected", server: client.getServer() });
    return link;
  }

  /** The client's connection. It comes back by itself; after {@linkcode NatsLink.renew} it is another. */
  get client(): NatsConnection {
    return this.#client;
  }

  /** Whether there is a server at the other end at this moment, as far as is known. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Fulfilled at the end of this connection: with the reason, if `close()` is not the reason. */
  get closed(): Promise<OuroborosError | undefined> {
    return this.#closed.promise;
  }

  /** Calls `listener` at every change, until the function that it gives is called. */
  listen(listener: (status: NatsStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Gives up the client's connection for a new one: for one that is open, and dead. Subscriptions and
   * consumers end with the old one. It lasts until the new one is there.
   *
   * @throws {NatsRefusedError} if a server does not let us in any more: then this link is closed
   * @throws {ClosedError} if this link is closed
   */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return this.#renewing;
  }

  /** Closes the connection. What was sent before, and not acknowledged, may or may not have arrived. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#client.close();
    this.#end(undefined);
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #renew(): Promise<void> {
    if (this.#closing.signal.aborted) throw closedError();
    const old = this.#client;
    this.#watched = undefined;
    this.#setConnected(false, { server: old.getServer() });
    await old.close();
    try {
      const client = await dialUntil(this.#options, this.#closing.signal, () => {});
      this.#client = client;
      this.#watch(client);
      this.#setConnected(true, { server: client.getServer() });
    } catch (error) {
      if (this.#closing.signal.aborted) throw closedError();
      this.#closing.abort();
      this.#end(error);
      throw error;
    }
  }

  /** Hears of a client's fate, as long as it is ours. */
  #watch(client: NatsConnection): void {
    this.#watched = client;
    const isOurs = () => this.#watched === client;
    (async () => {
      for await (const status of client.status()) {
        if (!isOurs()) return;
        if (status.type === "disconnect") this.#setConnected(false, { server: status.server });
        else if (status.type === "reconnect") this.#setConnected(true, { server: status.server });
        else if (status.type === "error" && status.error.name === "PermissionViolationError") {
          this.#tell({ type: "refused", error: refused(status.error) });
        }
      }
    })();
    client.closed().then((error) => {
      if (!isOurs() || this.#closing.signal.aborted) return;
      this.#closing.abort();
      // Without an error somebody else has closed it, by the client itself.
      this.#end(isRefusal(error) ? refused(error) : closedError(error ?? undefined));
    });
  }

  #setConnected(isConnected: boolean, more: { server: string }): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#tell({ type: isConnected ? "connected" : "disconnected", ...more });
  }

  #end(error: unknown): void {
    this.#isConnected = false;
    const reason = error instanceof OuroborosError ? error : undefined;
    this.#tell({ type: "closed", ...reason && { error: reason } });
    this.#closed.resolve(reason);
  }

  #tell(status: NatsStatus): void {
    this.#options.onStatus?.(status);
    for (const listener of [...this.#listeners]) listener(status);
  }
}

function closedError(cause?: unknown): ClosedError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new ClosedError(`the connection to NATS is closed${why}`);
}

/** Connects, however long that takes, unless we are refused. */
async function dialUntil(
  options: NatsOptions,
  signal: AbortSignal | undefined,
  onFailure: (error: Error) => void,
): Promise<NatsConnection> {
  const { maxReconnectDelay = 5000, connectTimeout = 1 } = options;
  for (const [name, value] of Object.entries({ maxReconnectDelay, connectTimeout })) {
    if (!(value >= 1)) throw new RangeError(`${name} is ${value}, but must be at least 1`);
  }
  const wanted = clientOptions(options);
  const isWeb = (wanted.servers as string[]).some((server) => /^wss?:/.test(server));
  const { connect, wsconnect } = await transportPackage();
  const dial = isWeb ? wsconnect : connect;
  wanted.authenticator = await authenticatorOf(options, wanted);
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    try {
      const client = await dial(wanted);
      if (!signal?.aborted) return client;
      await client.close();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (isRefusal(error)) throw refused(error);
      if (!isPassing(error)) throw error;
      onFailure(error);
      await sleep(delayAfter(attempt, maxReconnectDelay), signal);
    }
  }
}

/** The pause after so many attempts in vain: about doubled each time, and never the same for many. */
function delayAfter(attempt: number, longest: number): number {
  const full = Math.min(longest, FIRST_DELAY * 2 ** Math.min(attempt, 20));
  return full * (0.5 + Math.random() / 2);
}

/** What the client is told. */
function clientOptions(options: NatsOptions): ConnectionOptions {
  const { connectionName = "ouroboros", connectTimeout = CONNECT_TIMEOUT, tls } = options;
  const { maxReconnectDelay = 5000 } = options;
  const addresses = addressesOf(options.servers);
  let attempt = 0;
  let delay = 0;
  let last: unknown = null;
  const isEncrypted = addresses.some(({ isEncrypted }) => isEncrypted);
  return {
    servers: addresses.map(({ server }) => server),
    name: connectionName,
    ...options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix },
    user: options.user ?? addresses.find(({ user }) => user !== undefined)?.user,
    pass: options.password ?? addresses.find(({ password }) => password !== undefined)?.password,
    token: options.token ?? addresses.find(({ token }) => token !== undefined)?.token,
    ...(tls !== undefined || isEncrypted) && { tls: { ...tls } },
    timeout: connectTimeout,
    pingInterval: PING_INTERVAL,
    maxReconnectAttempts: -1,
    // Asked as often as the client likes, so it must not change between two attempts.
    reconnectDelayHandler: () => delay,
    reconnectToServer: (_, info) => {
      // With each new connection the server says something new of itself.
      if (info !== null && info !== last) attempt = 0;
      last = info;
      delay = delayAfter(attempt++, maxReconnectDelay);
      return null;
    },
  };
}

interface Address {
  /** As the client takes it. */
  readonly server: string;
  readonly isEncrypted: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** The servers, and what their addresses say of us. */
function addressesOf(servers: NatsOptions["servers"] = "nats://127.0.0.1:4222"): Address[] {
  const texts = (typeof servers === "string" ? servers.split(",") : [...servers])
    .map((text) => text.trim()).filter((text) => text !== "");
  if (texts.length === 0) throw new RangeError("there is no address of a NATS server");
  return texts.map(addressOf);
}

function addressOf(text: string): Address {
  const whole = text.includes("://") ? text : `nats://${text}`;
  const url = URL.parse(whole);
  // No word of what stands before the host: it may be a password.
  if (url === null || url.hostname === "" || !/^(nats|tls|wss?):$/.test(url.protocol)) {
    throw new RangeError(`"${text.replace(/^(.*\/\/)?.*@/, "$1")}" is no address of a NATS server`);
  }
  const { protocol, hostname, port, username, password } = url;
  const isWeb = protocol.startsWith("ws");
  const place = `${hostname}:${port || (isWeb ? (protocol === "ws:" ? "80" : "443") : "4222")}`;
  const who = decodeURIComponent(username);
  return {
    server: isWeb ? `${protocol}//${place}${url.pathname}` : place,
    isEncrypted: protocol === "tls:",
    ...who !== "" && (password === "" ? { token: who } : {
      user: who,
      password: decodeURIComponent(password),
    }),
  };
}

/** Says who we are by a file of credentials. */
async function authenticatorOf(
  { creds }: NatsOptions,
  { user, pass, token }: ConnectionOptions,
): Promise<Authenticator | undefined> {
  if (creds === undefined) return undefined;
  if (user !== undefined || pass !== undefined || token !== undefined) {
    throw new RangeError("either credentials, or a user and a password, or a token: not several");
  }
  const { credsAuthenticator } = await transportPackage();
  const bytes = typeof creds === "string" ? readFileSync(creds) : creds;
  const authenticator = credsAuthenticator(bytes);
  try {
    // What is no file of credentials is a mistake now, not when a server asks.
    authenticator("nonce");
  } catch (error) {
    const where = typeof creds === "string" ? ` in ${creds}` : "";
    throw new NatsRefusedError(`there are no usable credentials${where}`, { cause: error });
  }
  return authenticator;
}

/** What the client says when a server knows us, and says no. */
const REFUSALS = [
  "AuthorizationError",
  "UserAuthenticationExpiredError",
  "PermissionViolationError",
];

/** Whether it is of no use to ask again. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (REFUSALS.includes(error.name)) return true;
  const { code, message } = error as Error & { code?: unknown };
  // Certificates: OpenSSL's words in Node and Bun, rustls's in Deno.
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(String(code)) ||
    /certificate|'tls'|ssl routines|alert/i.test(message) ||
    error.cause !== undefined && isRefusal(error.cause);
}

function refused(error: Error): NatsRefusedError {
  return new NatsRefusedError(`the NATS server refuses: ${error.message}`, { cause: error });
}

/** Whether the next attempt may fare better: no network, no server, or not yet. */
function isPassing(error: Error): boolean {
  const { code } = error as Error & { code?: unknown };
  return /^(ConnectionError|TimeoutError|ProtocolError|RequestError|ClosedConnectionError)$/
    .test(error.name) || /^E[A-Z_]+$/.test(String(code)) || error.name === "Error";
}
