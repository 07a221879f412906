/** A writer of the demo: creates or resumes the log, waits for "go", writes up to the last line. */

import process from "node:process";
import { ShmLogWriter } from "../../mod.ts";

const [name, count] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, {
  chunkSize: 16384,
  chunkCount: 4,
  ifExists: "resume",
  unlinkOnClose: false,
});
console.log(String(writer.totalEntriesWritten));

process.stdin.once("data", () => {
  process.stdin.destroy();
  const timer = setInterval(() => {
    for (let i = 0; i < 20; i++) {
      const number = writer.totalEntriesWritten + 1;
      if (number > Number(count)) {
        clearInterval(timer);
        writer.close();
        return;
      }
      writer.write(`line ${number} ${"-".repeat(number % 50)} from process ${process.pid}`);
    }
  }, 4);
});
