/** A stretch of network that can be cut, and that can let nothing through while it seems to be there. */

import { connect, createServer, type Server, type Socket } from "node:net";

/** Passes on what comes to its port to another one on this machine. */
export class TcpProxy implements AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Set<[Socket, Socket]>;
  #isCut = false;
  #isStalled = false;
  /** How many connections there were. */
  connections = 0;

  private constructor(server: Server, port: number, pairs: Set<[Socket, Socket]>) {
    this.#server = server;
    this.port = port;
    this.#pairs = pairs;
  }

  /** Starts one in front of a port. */
  static start(target: number): Promise<TcpProxy> {
    return new Promise((resolve) => {
      const pairs = new Set<[Socket, Socket]>();
      const server = createServer((near) => proxy.#pass(near, target));
      let proxy: TcpProxy;
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        proxy = new TcpProxy(server, typeof address === "object" ? address!.port : 0, pairs);
        resolve(proxy);
      });
    });
  }

  /** Its address for NATS. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Ends all connections, and refuses new ones until `restore()`. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) pair.forEach((socket) => socket.destroy());
  }

  /** Lets nothing through; connections stay open. What comes meanwhile is lost with its connection. */
  stall(): void {
    this.#isStalled = true;
    for (const pair of this.#pairs) pair.forEach((socket) => socket.pause());
  }

  /** Lets new connections through. Those that stood still stay so: what a broken cable leaves. */
  restore(): void {
    this.#isCut = this.#isStalled = false;
  }

  /** Ends it with all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(near: Socket, target: number): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    this.connections++;
    const far = connect(target, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near]]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => {
        if (!this.#isStalled) from.resume();
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      if (this.#isStalled) from.pause();
    }
  }
}
