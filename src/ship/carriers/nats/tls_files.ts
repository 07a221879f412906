/**
 * Files for encrypted connections, looked at before a server is.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { NatsTlsOptions } from "./nats_options.ts";

/**
 * Throws unless there is in the files what is said to be there. The client reads them at each attempt,
 * and takes what is wrong with them for a server that is not there; or the runtime ends the process.
 *
 * @throws {RangeError} if there is something else in them, or one of two that belong together is missing
 * @throws {Error} what the system says of a file that can't be read
 */
export function checkTlsFiles({ caFile, certFile, keyFile }: NatsTlsOptions): void {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new RangeError("a certificate of ours and its key belong together: one is missing");
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
