/** Certificates that nobody trusts who does not have their file. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const needsOpenssl: string | false = spawnSync("openssl", ["version"]).status !== 0 &&
  "there is no openssl";

/** Makes a certificate for 127.0.0.1, and its key, in a folder. */
export function certificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const { status, stderr } = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", files.keyFile, "-out", files.certFile],
  ], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return files;
}
