/** Real NATS servers that are a cluster, for one test or measurement. */

import { NatsServer } from "./nats_server.ts";

/** Servers that know each other. */
export class NatsCluster implements AsyncDisposable {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** Starts so many. */
  static async start(count: number): Promise<NatsCluster> {
    const servers: NatsServer[] = [];
    const cluster = new NatsCluster(servers);
    try {
      while (servers.length < count) servers.push(await NatsServer.start());
      // A cluster has ports of its own, and a server knows those of the others only by now.
      const ports = servers.map(({ port }) => port + 1000 > 65535 ? port - 1000 : port + 1000);
      const routes = JSON.stringify(ports.map((port) => `nats-route://127.0.0.1:${port}`));
      for (const [index, server] of servers.entries()) {
        await server.stop();
        const listen = `127.0.0.1:${ports[index]}`;
        server.configure({
          config: `cluster { name: all, listen: "${listen}", routes: ${routes} }`,
        });
      }
      await Promise.all(servers.map((server) => server.restart()));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The addresses of all of them. */
  get url(): string {
    return this.servers.map(({ url }) => url).join();
  }

  /** The server of a name that others of the cluster tell of. */
  named(name: string): NatsServer | undefined {
    return this.servers.find(({ port }) => name.includes(`_${port}_`));
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}
