/** Ports for servers that can't be given one that the system chose: programs, and what starts again. */

import { createServer } from "node:net";

/**
 * Ports that no system gives to a connection that goes out: one that is free now stays so, mostly. Of the
 * others even the connection of a client that tries again and again may get the one that it asks for, and
 * then has it.
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
