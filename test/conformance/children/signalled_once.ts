/** Two things to do at the end of the process, and between them, unless told not to, a listener of once. */

import process from "node:process";
import { onProcessEnd } from "../../../ffi/mod.ts";

let closed = 0;
onProcessEnd(() => closed++);
if (process.argv[2] !== "nobody") {
  process.once("SIGTERM", () => {
    // A server that has some requests left.
    setTimeout(() => {
      console.log(`finished, ${closed} closed`);
      process.on("exit", () => console.log(`at the end ${closed} closed`));
      process.exit(7);
    }, 50);
  });
}
onProcessEnd(() => closed++);
setInterval(() => {}, 1000);
console.log("ready");
