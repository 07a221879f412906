/**
 * Connections to a NATS server that last: as long as the server lets us in, they come back.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import { OuroborosError } from "../../../errors.ts";
import { closedError, isRefusal, refused } from "./client.ts";
import { Backoff, dialUntil } from "./dial.ts";
import type { NatsOptions, NatsStatus } from "./nats_options.ts";
import { checkOptions, signal as isSignal } from "../../../base/options.ts";
import { natsChecks } from "./nats_options.ts";

export type { NatsOptions, NatsStatus, NatsTlsOptions } from "./nats_options.ts";

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
  readonly #backoff: Backoff;
  readonly #listeners = new Set<(status: NatsStatus) => void>();
  readonly #closing = new AbortController();
  readonly #closed = Promise.withResolvers<OuroborosError | undefined>();
  #client: NatsConnection;
  #watched: NatsConnection | undefined;
  #isConnected = true;
  /** What `onStatus` has thrown: it is not called again. */
  #thrown: { error: unknown } | undefined;
  #renewing: Promise<void> | undefined;

  private constructor(client: NatsConnection, options: NatsOptions, backoff: Backoff) {
    this.#options = options;
    this.#backoff = backoff;
    this.#client = client;
    this.#watch(client);
  }

  /**
   * Connects. A server that is not there is tried again and again; one that refuses us is not.
   *
   * @throws {NatsRefusedError} if a server does not let us in
   * @throws {PackageMissingError} if the client of NATS is not installed
   * @throws {RangeError} if an address is not one, or a file of `tls` does not hold what it should
   * @throws {DOMException} the reason of `signal` when it is aborted
   * @throws {unknown} what `onStatus` throws
   * @throws {TypeError} if an option has the wrong type
   */
  static async open(options: NatsOptions & { signal?: AbortSignal } = {}): Promise<NatsLink> {
    checkOptions("NatsLink.open()", options, { ...natsChecks, signal: isSignal });
    const { signal, ...others } = options;
    const backoff = new Backoff(options.maxReconnectDelay);
    const client = await dialUntil(others, backoff, signal, (error) => {
      others.onStatus?.({ type: "retrying", error });
    });
    const link = new NatsLink(client, others, backoff);
    link.#tell({ type: "connected", server: client.getServer() });
    link.#throwThrown();
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

  /** Whether it has come to its end, for good. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Fulfilled at the end of this connection: with the reason, if `close()` is not the reason. */
  get closed(): Promise<OuroborosError | undefined> {
    return this.#closed.promise;
  }

  /**
   * Calls `listener` at every change, until the function that it gives is called. What it throws is an uncaught
   * error of the process; the link lasts, and the other listeners are called.
   */
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

  /**
   * Closes the connection. What was sent before, and not acknowledged, may or may not have arrived.
   *
   * @throws {unknown} what `onStatus` throws
   */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#client.close();
    this.#end(undefined);
    this.#throwThrown();
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
      const { signal } = this.#closing;
      const client = await dialUntil(this.#options, this.#backoff, signal, () => {});
      // It was there in the same moment in which somebody closed this.
      if (signal.aborted) await client.close();
      signal.throwIfAborted();
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

  /** Follows the state of a client, as long as it is ours. */
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
    if (isConnected) this.#backoff.reset();
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#tell({ type: isConnected ? "connected" : "disconnected", ...more });
  }

  #end(error: unknown): void {
    this.#isConnected = false;
    this.#tell({ type: "closed", ...error instanceof Error && { error } });
    const isOther = error !== undefined && !(error instanceof OuroborosError);
    this.#closed.resolve(isOther ? closedError(error) : error);
  }

  #tell(status: NatsStatus): void {
    if (this.#thrown === undefined) {
      try {
        this.#options.onStatus?.(status);
      } catch (error) {
        this.#thrown = { error };
        // All that use this connection end with that error.
        if (!this.#closing.signal.aborted) {
          this.#closing.abort();
          void this.#client.close();
          return this.#end(error);
        }
      }
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        // An error of the listener is no reason to stop following the connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #throwThrown(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error;
  }
}
