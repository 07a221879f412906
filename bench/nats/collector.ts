/** A collector of OpenTelemetry that takes all and reads nothing: says its port. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": request.headers["content-type"] }).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on("end", () => process.exit());
