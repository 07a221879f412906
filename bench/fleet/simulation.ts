/**
 * A fleet of machines that forward their logs to a cluster, second by second: who waits, what is lost,
 * and which part is full first. Nothing of it runs anywhere; its figures are those of one machine,
 * measured or given.
 */

/** What one machine and one server can do, and how large an entry is on its way. */
export interface Costs {
  /** Bytes of an entry between forwarder and server: protocol, headers, payload, acknowledgement. */
  wireBytes: number;
  /** Bytes of an entry in a stream's file. */
  storedBytes: number;
  /** The most entries per second that one forwarder sends. */
  forwarderRate: number;
  /** The most entries per second that one stream takes. */
  streamRate: number;
  /** Seconds of a server's core per entry, for the copy that its leader stores. */
  leaderSeconds: number;
  /** The same for each further copy. */
  replicaSeconds: number;
  /** Bytes of a server's memory per connection. */
  connectionBytes: number;
}

/** The fleet and the cluster. */
export interface Fleet {
  machines: number;
  /** Entries per second of each machine. */
  rate: number;
  /** How many entries its log reaches back. */
  logEntries: number;
  servers: number;
  /** Cores of a server. */
  cores: number;
  /** Bytes per second of a server's network, each way. */
  network: number;
  /** Bytes per second that a server's disk takes. */
  disk: number;
  streams: number;
  replicas: number;
}

/** What happens to the fleet, from one second to another. */
export interface Trouble {
  title: string;
  /** In seconds since the start. */
  from: number;
  to: number;
  /** The load, as a multiple of the ordinary one. */
  load?: number;
  /** How many servers are away; their streams' other copies lead then, if there are any. */
  serversAway?: number;
  /** Share of the machines that can't reach the cluster. */
  cut?: number;
}

/** What came of it. */
export interface Outcome {
  title: string;
  written: number;
  delivered: number;
  /** Entries that were overwritten before they were sent: gap records say which. */
  lost: number;
  /** How late an entry was at most, in seconds. */
  mostLag: number;
  /** Seconds from the end of the trouble until nobody waits any more; `Infinity` if that never came. */
  recovery: number;
  /** The most that was used of each part in an ordinary second, as a share of what it can do. */
  use: Record<Part, number>;
}

/** What may be full. */
export type Part = "forwarders" | "streams" | "processors" | "network" | "disks";

/** Machines that publish to one stream: they share its fate. */
interface Shard {
  machines: number;
  leader: number;
  copies: number[];
  /** Entries that wait, of those that can reach the cluster and of those that can't. */
  near: number;
  far: number;
}

/** Lets the fleet run for some seconds. Written = delivered + lost + waiting, or it throws. */
export function simulate(fleet: Fleet, costs: Costs, trouble: Trouble, seconds: number): Outcome {
  const shards = shardsOf(fleet);
  let [written, delivered, lost, mostLag, lastWaiting] = [0, 0, 0, 0, 0];
  for (let second = 0; second < seconds; second++) {
    const isTrouble = second >= trouble.from && second < trouble.to;
    const load = isTrouble ? trouble.load ?? 1 : 1;
    const cut = isTrouble ? trouble.cut ?? 0 : 0;
    const away = isTrouble ? trouble.serversAway ?? 0 : 0;
    const takes = capacities(shards, fleet, costs, away);
    for (const [index, shard] of shards.entries()) {
      const arriving = shard.machines * fleet.rate * load;
      written += arriving;
      // A server that comes back brings what it has.
      if (cut === 0) [shard.near, shard.far] = [shard.near + shard.far, 0];
      shard.far += arriving * cut;
      shard.near += arriving * (1 - cut);
      const sent = Math.min(
        shard.near,
        takes[index],
        shard.machines * (1 - cut) * costs.forwarderRate,
      );
      shard.near -= sent;
      delivered += sent;
      const room = shard.machines * fleet.logEntries;
      const over = Math.max(shard.near - room * (1 - cut), 0) +
        Math.max(shard.far - room * cut, 0);
      shard.near = Math.min(shard.near, room * (1 - cut));
      shard.far = Math.min(shard.far, room * cut);
      lost += over;
      const waiting = shard.near + shard.far;
      if (waiting > arriving / 1000) lastWaiting = second + 1;
      const cutShare = cut > 0 ? shard.far / (shard.machines * cut * fleet.rate * load) : 0;
      mostLag = Math.max(mostLag, waiting / arriving, cutShare);
    }
  }
  const waiting = shards.reduce((sum, { near, far }) => sum + near + far, 0);
  if (Math.abs(written - delivered - lost - waiting) > written / 1e9) {
    throw new Error(`${written} written, but ${delivered} + ${lost} + ${waiting} accounted for`);
  }
  const recovery = lastWaiting >= seconds ? Infinity : Math.max(lastWaiting - trouble.to, 0);
  return {
    title: trouble.title,
    written,
    delivered,
    lost,
    mostLag,
    recovery,
    use: useOf(fleet, costs, shards),
  };
}

/** How much each shard may send in this second. */
function capacities(
  shards: readonly Shard[],
  fleet: Fleet,
  costs: Costs,
  away: number,
): number[] {
  const isAway = (server: number) => server < away;
  // The leader is the first copy that is there.
  const leaders = shards.map(({ copies }) => {
    // A stream goes on while more than half of its copies are there.
    const there = copies.filter((server) => !isAway(server));
    return there.length * 2 > copies.length ? there[0] : -1;
  });
  const demand = new Float64Array(fleet.servers);
  const wanted = shards.map((shard) =>
    Math.min(
      shard.near + shard.far + shard.machines * fleet.rate,
      costs.streamRate,
      shard.machines * costs.forwarderRate,
    )
  );
  for (const [index, { copies }] of shards.entries()) {
    if (leaders[index] < 0) continue;
    for (const server of copies) {
      if (!isAway(server)) demand[server] += wanted[index] * load(server === leaders[index]);
    }
  }
  return shards.map(({ copies }, index) => {
    if (leaders[index] < 0) return 0;
    // The busiest of its servers says how much of it gets through.
    const most = Math.max(...copies.filter((server) => !isAway(server)).map((s) => demand[s]));
    return wanted[index] / Math.max(most, 1);
  });

  /** Share of a server that one entry per second takes: of the part of it that is full first. */
  function load(isLeader: boolean): number {
    const processor = (isLeader ? costs.leaderSeconds : costs.replicaSeconds) / fleet.cores;
    const copies = isLeader ? fleet.replicas : 1;
    const network = costs.wireBytes * Math.max(copies - (isLeader ? 1 : 0), 1) / fleet.network;
    return Math.max(processor, network, costs.storedBytes / fleet.disk);
  }
}

/** The parts' use in an ordinary second: of the fullest one of its kind. */
function useOf(fleet: Fleet, costs: Costs, shards: readonly Shard[]): Record<Part, number> {
  const busiest = (cost: (isLeader: boolean) => number) => {
    const sums = new Float64Array(fleet.servers);
    for (const { machines, copies, leader } of shards) {
      for (const server of copies) sums[server] += machines * fleet.rate * cost(server === leader);
    }
    return Math.max(...sums);
  };
  const most = Math.max(...shards.map(({ machines }) => machines));
  return {
    forwarders: fleet.rate / costs.forwarderRate,
    streams: most * fleet.rate / costs.streamRate,
    processors: busiest((isLeader) => isLeader ? costs.leaderSeconds : costs.replicaSeconds) /
      fleet.cores,
    // A leader gets an entry once, and sends it to each of the other copies.
    network:
      busiest((isLeader) => costs.wireBytes * (isLeader ? Math.max(fleet.replicas - 1, 1) : 1)) /
      fleet.network,
    disks: busiest(() => costs.storedBytes) / fleet.disk,
  };
}

/** Machines by the hash of their names, as `{shard}` of a subject would have them; copies in turn. */
function shardsOf({ machines, streams, servers, replicas }: Fleet): Shard[] {
  const shards: Shard[] = Array.from({ length: streams }, (_, index) => {
    const copies = Array.from({ length: replicas }, (_, copy) => (index + copy) % servers);
    return { machines: 0, leader: copies[0], copies, near: 0, far: 0 };
  });
  for (let machine = 0; machine < machines; machine++) {
    shards[hash(`host-${machine}`) % streams].machines++;
  }
  return shards.filter(({ machines }) => machines > 0);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  // Its low bits are the worst mixed ones.
  return (value ^ (value >>> 15)) >>> 0;
}
