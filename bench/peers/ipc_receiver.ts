/** The other end of process IPC: counts lines until an empty one. */

import process from "node:process";

let lines = 0;
const start = process.cpuUsage();
process.on("message", (line: string) => {
  if (line === "") {
    const { user, system } = process.cpuUsage(start);
    process.send?.({ lines, cpu: (user + system) * 1000 });
  } else lines++;
});
process.send?.("ready");
