/** Opens memory under odd circumstances and says in one line what came of it. */

import process from "node:process";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";
import { OuroborosError } from "../../../src/errors.ts";

const [kind, path] = process.argv.slice(2);

function attempt(action: () => { close(): void }, done: string, says: boolean = false): string {
  try {
    action().close();
    return done;
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return says ? `${error.code} ${error.message}` : error.code;
  }
}

if (kind === "full") {
  const tooLarge = attempt(() => SharedMemory.create(path, 2 << 20), "created", true);
  const names = SharedMemory.list().length;
  const fits = attempt(() => SharedMemory.create(path, 1 << 19), "created");
  console.log(`opener ${tooLarge} names: ${names} then: ${fits}`);
} else {
  const open = (access: "read" | "read-write") => () =>
    kind === "MappedFile"
      ? MappedFile.open(path, { access })
      : SharedMemory.open(path.replace("/dev/shm", ""), { access });
  if (path === "/none") console.log(`opener ${attempt(open("read"), "opened", true)}`);
  else {
    console.log(
      `opener ${attempt(open("read"), "opened")} ${attempt(open("read-write"), "opened")}`,
    );
  }
}
