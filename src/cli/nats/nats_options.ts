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
commas between them. Without one, NATS_URL says it, else it is nats://127.0.0.1:4222. Who we are is
said by --creds, or by NATS_USER and NATS_PASSWORD, or NATS_TOKEN in the environment, for what stands
in a command line can be read by all users of the machine.`;

/** What these options leave behind. */
export interface NatsCommandOptions {
  /** A file of credentials. */
  creds?: string;
  /** Certificates of authorities. */
  tlsCa?: string;
  /** Our certificate. */
  tlsCert?: string;
  /** Its key. */
  tlsKey?: string;
  /** What the subjects of answers begin with. */
  inboxPrefix?: string;
}

/** Adds the options, all but the address itself. */
export function addNatsOptions(command: Command): Command {
  return command
    .option("--creds <file>", "who we are: a file with a JWT and its key")
    .option("--tls-ca <file>", "the certificates of authorities to trust, in PEM")
    .option("--tls-cert <file>", "our certificate, for a server that wants one")
    .option("--tls-key <file>", "its key")
    .option("--inbox-prefix <subject>", "what subjects of answers begin with (default: _INBOX)");
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

/** How to connect, of what stands on the command line and in the environment. */
export function natsOptions(servers: string | undefined, options: NatsCommandOptions): NatsOptions {
  const { NATS_URL, NATS_USER, NATS_PASSWORD, NATS_TOKEN } = process.env;
  const { creds, tlsCa, tlsCert, tlsKey, inboxPrefix } = options;
  const tls = {
    ...tlsCa !== undefined && { caFile: tlsCa },
    ...tlsCert !== undefined && { certFile: tlsCert },
    ...tlsKey !== undefined && { keyFile: tlsKey },
  };
  const address = servers ?? NATS_URL;
  return {
    ...address && { servers: address },
    ...inboxPrefix !== undefined && { inboxPrefix },
    ...Object.keys(tls).length > 0 && { tls },
    ...creds !== undefined
      ? { creds }
      : { ...NATS_USER && { user: NATS_USER, password: NATS_PASSWORD ?? "" } },
    ...creds === undefined && NATS_TOKEN && { token: NATS_TOKEN },
    onStatus: sayStatus(),
  };
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
