/** Saves its log in its last moment: NAME PATH throw|exit. */

import process from "node:process";
import { saveLogSync, ShmLogWriter } from "../../../mod.ts";

const [name, path, end] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, { size: 1 << 20, unlinkOnClose: true });
writer.write("last words");
const save = () => {
  saveLogSync(name, path, { compact: true });
  writer.close();
};
if (end === "exit") {
  process.on("exit", save);
  process.exit(3);
}
process.on("uncaughtExceptionMonitor", save);
throw new Error("meant to be");
