/**
 * Encrypted connections of carriers: the files for them, and what the runtimes say of certificates.
 *
 * @module
 */

import { type Checks, text } from "../../base/options.ts";

/** What the files of certificates may be. */
export const tlsChecks: Checks<{ caFile?: string; certFile?: string; keyFile?: string }> = {
  caFile: text,
  certFile: text,
  keyFile: text,
};

/** What the runtimes call what is wrong with a certificate. */
const CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|ERR_BORINGSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_)/;

/** Whether a code of an error is one of a certificate. */
export function isCertificateCode(code: unknown): boolean {
  return CODE.test(String(code));
}
