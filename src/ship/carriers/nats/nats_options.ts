/**
 * Where a NATS server is, how to be let in, and how the connection is.
 *
 * @module
 */

import type { NodeConnectionOptions } from "@nats-io/transport-node";
import {
  anything,
  callback,
  checkOptions,
  type Checks,
  LONGEST_SLEEP,
  milliseconds,
  text,
} from "../../../base/options.ts";
import { tlsChecks } from "../tls.ts";

/** Where a NATS server is, and how to be let in. */
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
  /** The path of a file with the seed of an NKey, or its bytes. */
  nkey?: string | Uint8Array;
  /** A user. */
  user?: string;
  /** And its password. */
  password?: string;
  /** A token. */
  token?: string;
  /** What the subjects begin with at which we get answers, for users who may not use `_INBOX`. */
  inboxPrefix?: string;
  /** How to encrypt. A server that asks for it gets it without any of this. */
  tls?: NatsTlsOptions;
  /**
   * The longest pause between two attempts to reach a server, in milliseconds. The first ones follow
   * each other within 50 ms; each pause is about half of the time since then. Default 5000.
   */
  maxReconnectDelay?: number;
  /** How long an attempt to reach a server may take, in milliseconds. Default 10000. */
  connectTimeout?: number;
  /** More options of the client's own `connect()`, which it gets as they are; they go before ours. */
  client?: Omit<NodeConnectionOptions, "servers">;
  /** Called when the state of the connection changes. What it throws closes the connection, and ends what uses it. */
  onStatus?: (status: NatsStatus) => void;
}

/** Files in PEM for encrypted connections. */
export interface NatsTlsOptions {
  /** The path of the certificates of authorities to trust, in place of those of the runtime. */
  caFile?: string;
  /** The path of our certificate, for a server that wants one. */
  certFile?: string;
  /** The path of its key. */
  keyFile?: string;
}

/** The state of a connection. */
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

/** What {@linkcode NatsOptions} may be. */
export const natsChecks: Checks<NatsOptions> = {
  servers: anything,
  connectionName: text,
  creds: anything,
  nkey: anything,
  user: text,
  password: text,
  token: text,
  inboxPrefix(_name, value) {
    if (/^[^\s.*>\p{Cc}]+(\.[^\s.*>\p{Cc}]+)*$/u.test(String(value))) return;
    throw new RangeError(`inboxPrefix is "${value}", but must be a subject without wildcards`);
  },
  tls: (name, value) => checkOptions(name, value as NatsTlsOptions, tlsChecks),
  maxReconnectDelay: milliseconds(1, LONGEST_SLEEP),
  connectTimeout: milliseconds(1, LONGEST_SLEEP),
  client: anything,
  onStatus: callback,
};

/**
 * Throws unless the server takes it for the name of a stream, a consumer, or a domain.
 *
 * @throws {RangeError} if not
 */
export function checkName(what: "stream" | "consumer" | "domain", name: unknown): void {
  if (typeof name === "string" && /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(name)) return;
  throw new RangeError(`"${name}" is not a name of a ${what}: no space, ".", "*", ">", "/"`);
}
