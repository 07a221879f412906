/**
 * How commands get to a NATS server.
 *
 * @module
 */

import process from "node:process";
import { type Command, InvalidArgumentError } from "commander";
import { checkName } from "../../ship/carriers/nats/nats_options.ts";
import type { NatsOptions, NatsStatus } from "../../ship/carriers/nats/connect.ts";
import { subjectOf } from "../../ship/carriers/nats/subject.ts";
import { warn } from "../output/warn.ts";

/** What the help of such a command says about it. */
export const NATS_HELP =
  `A server is nats://HOST:PORT, tls://HOST:PORT or ws://HOST:PORT; several with
commas between them. The environment may have the address (NATS_URL), and how to
log in: NATS_CREDS (a file), NATS_NKEY (a file with a seed), NATS_USER and
NATS_PASSWORD, or NATS_TOKEN; also NATS_CA, NATS_CERT, NATS_KEY and
NATS_INBOX_PREFIX. All users of a machine can read its command lines: do not
write a password there.`;

/** What these options leave behind. */
export interface NatsCommandOptions {
  creds?: string;
  nkey?: string;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
  inboxPrefix?: string;
}

/** Adds the options, all but the address itself. */
export function addNatsOptions(command: Command): Command {
  return command
    .option("--creds <file>", "NATS credentials file: a JWT and its key")
    .option("--nkey <file>", "file with the seed of an NKey")
    .option("--tls-ca <file>", "certificates of authorities to trust, in PEM")
    .option("--tls-cert <file>", "certificate of this client, in PEM")
    .option("--tls-key <file>", "key of that certificate, in PEM")
    .option("--inbox-prefix <subject>", "subject that answers begin with (default: _INBOX)");
}

/** The addresses of servers; a mistake in them is one of usage, before anything is begun. */
export function serversArgument(text: string): string {
  const isAddress = /^((nats|tls|wss?):\/\/)?([^/]*@)?[^\s/@]+(\/\S*)?$/;
  const addresses = text.split(",").map((one) => one.trim());
  if (addresses.every((one) => isAddress.test(one))) return text;
  throw new InvalidArgumentError("An address like nats://HOST:PORT is expected.");
}

/** The name of a stream. */
export function streamArgument(text: string): string {
  return checked(text, () => checkName("stream", text));
}

/** The template of a subject. */
export function subjectArgument(text: string): string {
  return checked(text, () => subjectOf(text, { host: "host", name: "name", segment: "0-0-0" }));
}

function checked(text: string, check: () => void): string {
  try {
    check();
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  return text;
}

/** How to connect, by the command line and the environment. */
export function natsOptions(servers: string | undefined, options: NatsCommandOptions): NatsOptions {
  const { env } = process;
  if (servers?.includes("@")) {
    warn("all users of this machine can read the password in the command line: see --help");
  }
  const tls = {
    ...file("caFile", options.tlsCa ?? env.NATS_CA),
    ...file("certFile", options.tlsCert ?? env.NATS_CERT),
    ...file("keyFile", options.tlsKey ?? env.NATS_KEY),
  };
  const { creds, nkey } = options;
  // What the command line says goes before the environment.
  const login = creds !== undefined || nkey !== undefined
    ? { ...file("creds", creds), ...file("nkey", nkey) }
    : env.NATS_CREDS
    ? { creds: env.NATS_CREDS }
    : env.NATS_NKEY
    ? { nkey: env.NATS_NKEY }
    : env.NATS_USER
    ? { user: env.NATS_USER, password: env.NATS_PASSWORD ?? "" }
    : { ...env.NATS_TOKEN && { token: env.NATS_TOKEN } };
  const address = servers ?? env.NATS_URL;
  return {
    ...address && { servers: address },
    ...inboxPrefixOf(options),
    ...Object.keys(tls).length > 0 && { tls },
    ...login,
    onStatus: sayStatus(),
  };
}

/** What subjects of answers begin with. */
export function inboxPrefixOf({ inboxPrefix }: NatsCommandOptions): { inboxPrefix?: string } {
  const prefix = inboxPrefix ?? process.env.NATS_INBOX_PREFIX;
  return prefix ? { inboxPrefix: prefix } : {};
}

function file<K extends string>(key: K, path: string | undefined): { [key in K]?: string } {
  return (path ? { [key]: path } : {}) as { [key in K]?: string };
}

/** Reports the state of the connection; the same state only once. */
function sayStatus(): (status: NatsStatus) => void {
  let last = "";
  return ({ type, server, error }) => {
    const at = server === undefined ? "" : ` (${server})`;
    const why = error === undefined ? "" : `: ${error.message}`;
    const text = {
      connected: last === "" ? "" : `the NATS server is there${at}`,
      disconnected: `the NATS server is gone${at}; trying again and again`,
      retrying: `no NATS server yet${why}; trying again and again`,
      refused: `not permitted${why}`,
      closed: "",
    }[type];
    if (text !== "" && text !== last) warn(text);
    last = text || last;
  };
}
