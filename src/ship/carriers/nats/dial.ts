/**
 * Getting through to a NATS server: addresses, credentials, patience, and when it is of no use.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { connect, isIP } from "node:net";
import type { Authenticator, ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { NatsRefusedError } from "../../../errors.ts";
import { abortable, delay } from "../../../async.ts";
import { LONGEST_SLEEP, milliseconds } from "../../../base/options.ts";
import { checkInboxPrefix } from "./checks.ts";
import type { NatsOptions } from "./nats_options.ts";
import { transportPackage } from "./packages.ts";
import { checkTlsFiles } from "./tls_files.ts";

/** The first pause between two attempts, and the longest if nothing else is said, in milliseconds. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 5000;
/** How long an attempt may take if nothing else is said, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long a server may take for its first words, where they are asked for, in milliseconds. */
const GREETING_TIME = 1000;
/** How often a connection that is quiet is tried, in milliseconds; the second try in vain is its end. */
const PING_INTERVAL = 10_000;

/** Connects, however long that takes, unless we are refused. */
export async function dialUntil(
  options: NatsOptions,
  backoff: Backoff,
  signal: AbortSignal | undefined,
  onFailure: (error: Error) => void,
): Promise<NatsConnection> {
  const { maxReconnectDelay = 1, connectTimeout = 1, inboxPrefix } = options;
  const isTime = milliseconds(1, LONGEST_SLEEP);
  isTime("maxReconnectDelay", maxReconnectDelay);
  isTime("connectTimeout", connectTimeout);
  if (inboxPrefix !== undefined) checkInboxPrefix(inboxPrefix);
  checkTlsFiles(options.tls ?? {});
  const wanted = clientOptions(options, backoff);
  const isWeb = (wanted.servers as string[]).some((server) => /^wss?:/.test(server));
  const client = await transportPackage();
  const dial = isWeb ? client.wsconnect : client.connect;
  wanted.authenticator = await authenticatorOf(options, wanted);
  const hasNoCertificate = wanted.tls && options.tls?.certFile === undefined && !isWeb;
  for (;;) {
    signal?.throwIfAborted();
    // What comes of it is said by each runtime in its own way: never, or as an end of the process.
    if (hasNoCertificate && await wantsCertificate((wanted.servers as string[])[0])) {
      throw new NatsRefusedError("the NATS server wants a certificate of ours, and there is none");
    }
    const dialling = dial(wanted);
    try {
      const client = await abortable(dialling, signal);
      backoff.reset();
      return client;
    } catch (error) {
      if (signal?.aborted) {
        // It can't be told to stop: nobody waits for it.
        dialling.then((client) => client.close(), () => {});
        throw signal.reason;
      }
      if (!(error instanceof Error)) throw error;
      if (isRefusal(error)) throw refused(error);
      if (!isPassing(error)) throw error;
      onFailure(error);
      await delay(backoff.delay(), { signal });
    }
  }
}

/** How long to wait before the next attempt: the longer it has been in vain, the longer. */
export class Backoff {
  readonly #longest: number;
  #since: number | undefined;

  /** Makes one whose pauses are at most that long, in milliseconds. */
  constructor(longest: number = LONGEST_DELAY) {
    this.#longest = longest;
  }

  /** The pause after the attempt before, in milliseconds. It may be asked for at any time, many times. */
  delay(): number {
    const now = performance.now();
    this.#since ??= now;
    const full = Math.min(this.#longest, Math.max(FIRST_DELAY, (now - this.#since) / 2));
    // Never the same for many clients of one server.
    return full * (0.5 + Math.random() / 2);
  }

  /** It was not in vain. */
  reset(): void {
    this.#since = undefined;
  }
}

/** What the client is told. */
function clientOptions(options: NatsOptions, backoff: Backoff): ConnectionOptions {
  const { connectionName = "ouroboros", connectTimeout = CONNECT_TIMEOUT, tls } = options;
  const addresses = addressesOf(options.servers);
  const isEncrypted = addresses.some(({ isEncrypted }) => isEncrypted);
  return {
    servers: addresses.map(({ server }) => server),
    name: connectionName,
    ...options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix },
    user: options.user ?? addresses.find(({ user }) => user !== undefined)?.user,
    pass: options.password ?? addresses.find(({ password }) => password !== undefined)?.password,
    token: options.token ?? addresses.find(({ token }) => token !== undefined)?.token,
    ...(tls !== undefined || isEncrypted) &&
      { tls: { ...tls, ...addressInCertificate(addresses) } },
    timeout: connectTimeout,
    pingInterval: PING_INTERVAL,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => backoff.delay(),
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
  // Not what it is: a part of it may be a password, which only a valid address tells.
  if (url === null || url.hostname === "" || !/^(nats|tls|wss?):$/.test(url.protocol)) {
    throw new RangeError(
      "an address of a NATS server is not one: it must be like nats://HOST:PORT, and an " +
        "@, / or : of a password be written as %40, %2F, %3A",
    );
  }
  const { protocol, hostname, port, username, password } = url;
  const isWeb = protocol.startsWith("ws");
  const place = `${hostname}:${port || (isWeb ? (protocol === "ws:" ? "80" : "443") : "4222")}`;
  const who = decoded(username);
  return {
    server: isWeb ? `${protocol}//${place}${url.pathname}` : place,
    isEncrypted: protocol === "tls:",
    ...who !== "" && (password === "" ? { token: who } : {
      user: who,
      password: decoded(password),
    }),
  };
}

/** A part of an address without its escapes; another `%` stands for itself. */
function decoded(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

/**
 * What the certificate of a server is to be made for, where its address is a number: the client says
 * that only of names, and then the runtime would want one for localhost.
 */
function addressInCertificate(addresses: readonly Address[]): { host?: string } {
  const hosts = new Set(addresses.map(({ server }) => server.replace(/:\d+$/, "")));
  const [host] = hosts;
  const number = host.replace(/^\[(.*)\]$/, "$1");
  return hosts.size === 1 && isIP(number) !== 0 ? { host: number } : {};
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
export function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (REFUSALS.includes(error.name)) return true;
  const { code, message } = error as Error & { code?: unknown };
  if (isOfNetwork(code)) return false;
  // Certificates: OpenSSL's words in Node and Bun, rustls's in Deno.
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(String(code)) ||
    /certificate|'tls'|ssl routines|alert/i.test(message) ||
    error.cause !== undefined && isRefusal(error.cause);
}

/** What the client says, as our error. */
export function refused(error: Error): NatsRefusedError {
  return new NatsRefusedError(`the NATS server refuses: ${error.message}`, { cause: error });
}

/** Whether a server says, before anything is encrypted, that it wants a certificate of its clients. */
function wantsCertificate(server: string): Promise<boolean> {
  const { hostname, port } = new URL(`nats://${server}`);
  const socket = connect(Number(port), hostname.replace(/^\[(.*)\]$/, "$1"));
  return new Promise<boolean>((resolve) => {
    let said = "";
    socket.on("data", (bytes) => {
      said += bytes.toString();
      if (said.includes("\r\n")) resolve(/"tls_verify":\s*true/.test(said));
    });
    // Whatever this is, the client will find out.
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    // A server that begins with encryption says nothing.
    socket.setTimeout(GREETING_TIME, () => resolve(false));
  }).finally(() => socket.destroy());
}

/** Whether a code is that of a network that fails: ECONNREFUSED, ENOTFOUND, … */
function isOfNetwork(code: unknown): boolean {
  return /^E(?!RR_|PROTO$)[A-Z_]+$/.test(String(code));
}

/** Whether the next attempt may fare better: no network, no server, or not yet. */
function isPassing(error: Error): boolean {
  const { code } = error as Error & { code?: unknown };
  return /^(ConnectionError|TimeoutError|ProtocolError|RequestError|ClosedConnectionError)$/
    .test(error.name) || isOfNetwork(code) || error.name === "Error";
}
