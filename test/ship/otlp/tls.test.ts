/** Collectors with certificates. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { forward, type OtlpTlsOptions } from "../../../src/ship/carriers/otlp/mod.ts";
import { certificate, needsOpenssl } from "../../support/certificate.ts";
import { testFolder } from "../../support/folder.ts";
import { OtlpCollector } from "../../support/otlp_collector.ts";
import { uniqueName } from "../../support/runtime.ts";

const options = { skip: needsOpenssl, timeout: 60_000 };
const folder = testFolder("otlp-tls");

test("a certificate is believed if its file is given, and only then", options, async () => {
  const { certFile, keyFile } = certificate(folder, "collector");
  const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  await using collector = await OtlpCollector.start({ tls });
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.write("one");
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const url = collector.url.replace("http:", "https:");
  const attempt = (tls?: OtlpTlsOptions) => forward(reader, { url, linger: 1, ...tls && { tls } });
  const other = certificate(folder, "other").certFile;
  await assert.rejects(attempt(), { code: "COLLECTOR_REFUSED" });
  await assert.rejects(attempt({ caFile: other }), { code: "COLLECTOR_REFUSED" });
  await assert.rejects(attempt({ caFile: join(folder, "none") }), /none/);
  await using forwarding = await attempt({ caFile: certFile });
  await forwarding.flush();
  assert.deepEqual(collector.records.map(({ body }) => body), ["one"]);
});

test("a collector that wants a certificate gets ours", options, async () => {
  const ours = certificate(folder, "ours");
  const { certFile, keyFile } = certificate(folder, "server");
  const read = (path: string) => readFileSync(path, "utf8");
  const tls = { cert: read(certFile), key: read(keyFile), ca: read(ours.certFile) };
  await using collector = await OtlpCollector.start({ tls });
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.write("one");
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const url = collector.url.replace("http:", "https:");
  await using forwarding = await forward(reader, {
    ...{ url, linger: 1 },
    tls: { caFile: certFile, certFile: ours.certFile, keyFile: ours.keyFile },
  });
  await forwarding.flush();
  assert.deepEqual(collector.records.map(({ body }) => body), ["one"]);
});
