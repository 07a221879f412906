/** Passwords, tokens and keys: from files and the environment, and never in what is printed or kept. */

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { nkeys } from "@nats-io/nats-core";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { forward, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { NatsServer, natsTest, needsNatsServer } from "../../support/nats_server.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { uniqueName } from "../../support/runtime.ts";

const folder = testFolder("secrets");

/** Parts of each secret of these tests: what a percent sign, a space or a slash may tear apart. */
const SECRET = /s3cret|Gr%n|T0ken|SUA/;
const PASSWORD = "s3cret Gr%n/%41";
const key = nkeys.createUser();
const seed = new TextDecoder().decode(key.getSeed());

test("a command logs in by the environment or a file, and shows no secret anywhere", {
  skip: needsNatsServer || needsLastingNames,
}, async () => {
  await using server = await NatsServer.start({
    config: `authorization { users: [
      { user: "app", password: ${JSON.stringify(PASSWORD)} }
      { nkey: "${key.getPublicKey()}" }
    ] }`,
  });
  await using other = await NatsServer.start({ auth: { token: "T0ken" } });
  using log = ShmLogWriter.create(uniqueName("secrets"), { unlinkOnClose: true, size: "256KiB" });
  log.write("one");
  const seedFile = join(folder, "seed.nk");
  writeFileSync(seedFile, `${seed}\n`, { mode: 0o600 });
  const host = server.url.slice("nats://".length);
  const cases: [env: Record<string, string>, args: string[]][] = [
    [{ NATS_URL: server.url, NATS_USER: "app", NATS_PASSWORD: PASSWORD }, []],
    [{ NATS_URL: `nats://app:${encodeURIComponent(PASSWORD)}@${host}` }, []],
    [{ NATS_URL: server.url, NATS_NKEY: seedFile }, []],
    [{ NATS_URL: server.url }, ["--nkey", seedFile]],
    [{ NATS_URL: other.url, NATS_TOKEN: "T0ken" }, []],
    [{}, ["--to", `nats://app:${encodeURIComponent(PASSWORD)}@${host}`]],
  ];
  for (const [i, [env, more]] of cases.entries()) {
    const state = join(folder, `state${i}`);
    const args = ["forward", log.name, "--stream", "LOGS", "--create-stream", "--once"];
    const { code, stderr } = runCli([...args, "--state", state, ...more], "", env);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, SECRET);
    assert.equal(/can read the password/.test(stderr), more[0] === "--to");
    assert.doesNotMatch(readFileSync(state, "latin1"), SECRET);
    if (process.platform !== "win32") assert.equal(statSync(state).mode & 0o777, 0o600);
  }
  // And what fails.
  const failing: [env: Record<string, string>, args: string[]][] = [
    [{ NATS_URL: server.url, NATS_USER: "app", NATS_PASSWORD: "s3cret Gr%n" }, []],
    [{ NATS_URL: other.url, NATS_TOKEN: "T0ken2" }, []],
    [{}, ["--to", `nats://app:s3cret Gr%n@${host}`]],
    [{}, ["--to", `nats://app:s3cret/Gr%n@${host}`]],
    [{}, ["--to", "app:s3cret@"]],
    [{ NATS_URL: "nats://T0ken@" }, []],
    [{ NATS_URL: server.url, NATS_CREDS: seedFile }, []],
  ];
  for (const [env, more] of failing) {
    const args = ["forward", log.name, "--stream", "LOGS", "--once", ...more];
    const address = more[1] ?? `${env.NATS_URL}`;
    for (const all of address.includes("://") ? [args, ["tail", address]] : [args]) {
      const { code, stdout, stderr } = runCli(all, "", env);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stdout + stderr, SECRET);
    }
  }
});

natsTest("no error, and no object that is printed, shows a secret", async () => {
  await using server = await NatsServer.start({ auth: { user: "app", password: PASSWORD } });
  const { inspect } = await import("node:util");
  const bytes = (text: string) => new TextEncoder().encode(text);
  const wrong = [
    { user: "app", password: "s3cret" },
    { token: "T0ken" },
    { creds: bytes(`-----BEGIN NATS USER JWT-----\nT0ken\n------\n${seed}\n`) },
    { nkey: bytes(seed.slice(0, 20)) },
    { nkey: bytes(seed) },
  ];
  for (const options of wrong) {
    await assert.rejects(NatsLink.open({ servers: server.url, ...options }), (error) => {
      assert.doesNotMatch(inspect(error, { depth: 9 }), SECRET);
      return true;
    });
  }
  using writer = ShmLogWriter.create(uniqueName("secrets"), {
    unlinkOnClose: true,
    size: "256KiB",
  });
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const options = { servers: server.url, user: "app", password: PASSWORD };
  await using link = await NatsLink.open(options);
  await using forwarding = await forward(reader, {
    ...{ ...options, stream: "LOGS", createStream: true },
  });
  for (const one of [link, forwarding]) {
    assert.doesNotMatch(inspect(one, { depth: 9 }) + JSON.stringify(one), SECRET);
  }
});
