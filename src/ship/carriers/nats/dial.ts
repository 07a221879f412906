/**
 * Getting through to a NATS server: addresses, credentials, patience, and when it is of no use.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { connect, isIP } from "node:net";
import type { Authenticator, NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { abortable, delay } from "../../../async.ts";
import { NatsRefusedError } from "../../../errors.ts";
import { isRefusal, refused, transportPackage } from "./client.ts";
import type { NatsOptions, NatsTlsOptions } from "./nats_options.ts";

/** The first pause between two attempts, and the longest by default, in milliseconds. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 5000;
/** How long an attempt may take by default, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long a server may take for its first words, where they are asked for, in milliseconds. */
const GREETING_TIME = 1000;
/** How often a connection that is quiet is tried, in milliseconds; after two without an answer it is ended. */
const PING_INTERVAL = 10_000;

/**
 * Connects, however long that takes, unless we are refused.
 *
 * @throws {NatsRefusedError} if a server does not let us in
 * @throws {RangeError} if an address is not one, or a file does not hold what it should
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
export async function dialUntil(
  options: NatsOptions,
  backoff: Backoff,
  signal: AbortSignal | undefined,
  onFailure: (error: Error) => void,
): Promise<NatsConnection> {
  checkTlsFiles(options.tls ?? {});
  const wanted = clientOptions(options, backoff);
  const [first] = wanted.servers as string[];
  const isWeb = /^wss?:/.test(first);
  const { connect, wsconnect } = await transportPackage();
  const authenticator = await authenticatorOf(options, wanted);
  if (authenticator !== undefined) wanted.authenticator = authenticator;
  for (;;) {
    signal?.throwIfAborted();
    if (wanted.tls && !isWeb) await checkGreeting(first, options);
    const dialling = isWeb ? wsconnect(wanted) : connect(wanted);
    try {
      const client = await abortable(dialling, signal);
      backoff.reset();
      return client;
    } catch (error) {
      if (signal?.aborted) {
        // It can't be stopped: nothing waits for it.
        dialling.then((client) => client.close(), () => {});
        throw signal.reason;
      }
      if (isRefusal(error)) throw refused(error);
      // What the client calls invalid will not get better. All else may: no network, no server yet.
      if (!(error instanceof Error) || /^(Invalid|TypeError|RangeError)/.test(error.name)) {
        throw error;
      }
      onFailure(error);
      await delay(backoff.delay(), { signal });
    }
  }
}

/** How long to wait before the next attempt: the longer it has failed, the longer. */
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

  reset(): void {
    this.#since = undefined;
  }
}

function clientOptions(options: NatsOptions, backoff: Backoff): NodeConnectionOptions {
  const { connectionName = "ouroboros", connectTimeout = CONNECT_TIMEOUT, tls } = options;
  const addresses = addressesOf(options.servers);
  const isEncrypted = addresses.some(({ isEncrypted }) => isEncrypted);
  const given = <K extends "user" | "password" | "token">(key: K) =>
    options[key] ?? addresses.find((address) => address[key] !== undefined)?.[key];
  const [user, pass, token] = [given("user"), given("password"), given("token")];
  return {
    name: connectionName,
    ...options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix },
    ...user !== undefined && { user },
    ...pass !== undefined && { pass },
    ...token !== undefined && { token },
    ...(tls !== undefined || isEncrypted) &&
      { tls: { ...tls, ...addressInCertificate(addresses) } },
    timeout: connectTimeout,
    pingInterval: PING_INTERVAL,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => backoff.delay(),
    ...options.client,
    servers: addresses.map(({ server }) => server),
  };
}

interface Address {
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
      'the address of a NATS server is not valid: write "@", "/" and ":" of a password as %40, ' +
        "%2F and %3A, and the address like nats://HOST:PORT",
    );
  }
  const { protocol, hostname, port, username, password } = url;
  const isWeb = protocol.startsWith("ws");
  const place = `${hostname}:${port || (isWeb ? (protocol === "ws:" ? "80" : "443") : "4222")}`;
  const user = decoded(username);
  return {
    server: isWeb ? `${protocol}//${place}${url.pathname}` : place,
    isEncrypted: protocol === "tls:",
    ...user !== "" && (password === "" ? { token: user } : {
      user,
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

/** Says who we are by a file of credentials, or by the key of a user. */
async function authenticatorOf(
  { creds, nkey }: NatsOptions,
  { user, pass, token }: NodeConnectionOptions,
): Promise<Authenticator | undefined> {
  const file = creds ?? nkey;
  if (file === undefined) return undefined;
  if ([creds, nkey, user ?? pass, token].filter((one) => one !== undefined).length > 1) {
    throw new RangeError(
      "either credentials, or an nkey, or a user and a password, or a token: not several",
    );
  }
  const { credsAuthenticator, nkeyAuthenticator } = await transportPackage();
  const bytes = typeof file === "string" ? readFileSync(file) : file;
  try {
    const authenticator = creds !== undefined
      ? credsAuthenticator(bytes)
      : nkeyAuthenticator(new TextEncoder().encode(new TextDecoder().decode(bytes).trim()));
    // What is no file of credentials is a mistake now, not when a server asks.
    authenticator("nonce");
    return authenticator;
  } catch {
    // Not why: the client's words may have parts of the key in them.
    const where = typeof file === "string" ? ` in ${file}` : "";
    throw new NatsRefusedError(`there are no usable credentials${where}`);
  }
}

/**
 * Throws if the first words of a server, before anything is encrypted, say that it will not be: or that
 * it wants a certificate of ours, and it is missing. Each runtime reports that in its
 * own way: never, or as the end of the process.
 *
 * @throws {NatsRefusedError} if so
 */
async function checkGreeting(server: string, { tls, client }: NatsOptions): Promise<void> {
  if (client?.tls) return;
  const { hostname, port } = new URL(`nats://${server}`);
  const socket = connect(Number(port), hostname.replace(/^\[(.*)\]$/, "$1"));
  const words = await new Promise<string>((resolve) => {
    let said = "";
    socket.on("data", (bytes) => {
      said += bytes.toString();
      if (said.includes("\r\n")) resolve(said);
    });
    // Whatever this is, the client will find out. A server that begins with encryption says nothing.
    for (const event of ["error", "close", "timeout"]) socket.once(event, () => resolve(""));
    socket.setTimeout(GREETING_TIME);
  }).finally(() => socket.destroy());
  let info: Record<string, unknown>;
  try {
    info = JSON.parse(words.split("\r\n")[0].slice("INFO ".length));
  } catch {
    return;
  }
  if (!info.tls_required && !info.tls_available) {
    throw new NatsRefusedError("the NATS server does not encrypt, and TLS is asked for");
  }
  if (info.tls_verify && tls?.certFile === undefined) {
    throw new NatsRefusedError(
      "the NATS server asks for a certificate of this client, and none is configured",
    );
  }
}

/**
 * Throws unless the files hold what they should. The client reads them at each attempt,
 * and takes what is wrong with them for a server that is not there; or the runtime ends the process.
 *
 * @throws {RangeError} if there is something else in them, or one of two that belong together is missing
 * @throws {Error} what the system says of a file that can't be read
 */
function checkTlsFiles({ caFile, certFile, keyFile }: NatsTlsOptions): void {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new RangeError("a certificate of the client and its key belong together: one is missing");
  }
  checkPem(caFile, "CERTIFICATE", "certificate");
  checkPem(certFile, "CERTIFICATE", "certificate");
  checkPem(keyFile, "PRIVATE KEY", "private key");
}

function checkPem(path: string | undefined, label: string, what: string): void {
  if (path === undefined) return;
  const begins = new RegExp(`^-----BEGIN (?:[A-Z0-9]+ )*${label}-----`, "m");
  if (!begins.test(readFileSync(path, "latin1"))) {
    throw new RangeError(`there is no ${what} in PEM in ${path}`);
  }
}
