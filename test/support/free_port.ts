/** Ports for servers that can't be given one that the system chose: programs, and what starts again. */

import { createServer } from "node:net";

/**
 * Ports that no system gives to a connection that goes out: one that is free now stays so, mostly. Of
 * others a client that connects again and again may get the very port that it asks for: then it talks to
 * itself, and the server can't have it.
 */
const PORTS = { first: 20_000, count: 12_000 };

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
