/**
 * Many machines that forward their logs to a cluster of NATS servers, on paper: what is full first,
 * how late entries are, and what is lost when something breaks. `bun bench/fleet.ts --help`.
 *
 * @module
 */

import { Command } from "commander";
import { type Costs, type Fleet, type Outcome, type Part, simulate } from "./fleet/simulation.ts";
import { measureCosts } from "./fleet/measure.ts";
import { markdown, type Table } from "./report.ts";

/** What `--measure` found on 2 cores of an AMD EPYC, with Bun and nats-server 2.9.10, 2026-11-21. */
const MEASURED: Costs = {
  wireBytes: 350,
  storedBytes: 385,
  forwarderRate: 160_000,
  streamRate: 62_000,
  leaderSeconds: 16.1e-6,
  replicaSeconds: 10.3e-6,
  connectionBytes: 21_700,
};

type Options =
  & Record<
    | "machines"
    | "rate"
    | "reach"
    | "servers"
    | "cores"
    | "network"
    | "disk"
    | "streams"
    | "replicas"
    | "keep",
    string
  >
  & { measure?: boolean };

/** What may go wrong, from the 60th second on. */
const TROUBLES = [
  { title: "nothing", from: 60, to: 60 },
  { title: "10 times the load, for a minute", from: 60, to: 120, load: 10 },
  { title: "one server away, for 10 minutes", from: 60, to: 660, serversAway: 1 },
  { title: "two servers away, for 10 minutes", from: 60, to: 660, serversAway: 2 },
  { title: "a fifth of the machines cut off, for 10 minutes", from: 60, to: 660, cut: 0.2 },
  { title: "all cut off, for 2 minutes", from: 60, to: 180, cut: 1 },
];
/** How long each is watched, in seconds. */
const SECONDS = 3600;

/** What people call the parts. */
const NAMES: Record<Part, string> = {
  forwarders: "a machine's forwarder",
  streams: "the fullest stream",
  processors: "the busiest server's cores",
  network: "its network",
  disks: "its disk",
};

await new Command("fleet")
  .description("Simulates a fleet that forwards its logs, with figures of one machine.")
  .option("--machines <n>", "how many machines", "10000")
  .option("--rate <n>", "entries per second of each", "1000")
  .option("--reach <n>", "entries that each log reaches back", "151236")
  .option("--servers <n>", "NATS servers", "100")
  .option("--cores <n>", "cores of each server", "16")
  .option("--network <gbit>", "network of each server, in Gbit/s", "25")
  .option("--disk <mb>", "what each server's disk takes, in MB/s", "1000")
  .option("--streams <n>", "streams, among which machines are shared by their names", "400")
  .option("--replicas <n>", "copies of each stream", "3")
  .option("--keep <hours>", "how long entries are kept", "24")
  .option("--measure", "measure this machine first, with its own nats-server")
  .action(run)
  .parseAsync();

async function run(options: Options): Promise<void> {
  const costs = options.measure ? await measureCosts() : MEASURED;
  const fleet: Fleet = {
    machines: Number(options.machines),
    rate: Number(options.rate),
    logEntries: Number(options.reach),
    servers: Number(options.servers),
    cores: Number(options.cores),
    network: Number(options.network) * 1e9 / 8,
    disk: Number(options.disk) * 1e6,
    streams: Number(options.streams),
    replicas: Number(options.replicas),
  };
  const outcomes = TROUBLES.map((trouble) => simulate(fleet, costs, trouble, SECONDS));
  const tables = [
    costTable(costs),
    sizeTable(fleet, costs, Number(options.keep)),
    useTable(outcomes[0].use),
    outcomeTable(outcomes),
  ];
  console.log(markdown({ name: "fleet", tables, notes: [], data: undefined }));
}

function costTable(costs: Costs): Table {
  const rows = [
    ["an entry on the wire", `${count(costs.wireBytes)} B`],
    ["an entry in a stream's file", `${count(costs.storedBytes)} B`],
    ["a forwarder sends at most", `${count(costs.forwarderRate)}/s`],
    ["a stream takes at most", `${count(costs.streamRate)}/s`],
    [
      "an entry costs the server that leads",
      `${(costs.leaderSeconds * 1e6).toFixed(1)} µs of a core`,
    ],
    ["and each that copies", `${(costs.replicaSeconds * 1e6).toFixed(1)} µs of a core`],
    ["a connection costs a server", `${count(costs.connectionBytes / 1024)} KiB`],
  ];
  return { title: "What one machine does (100-byte entries)", head: ["what", "figure"], rows };
}

function sizeTable(fleet: Fleet, costs: Costs, hours: number): Table {
  const { machines, rate, servers, replicas } = fleet;
  const entries = machines * rate;
  const rows = [
    ["entries", `${count(entries)}/s`],
    ["into the cluster", `${bytes(entries * costs.wireBytes)}/s`],
    ["between its servers", `${bytes(entries * costs.wireBytes * (replicas - 1))}/s`],
    ["onto disks, all copies", `${bytes(entries * costs.storedBytes * replicas)}/s`],
    [
      `kept for ${hours} h, all copies`,
      bytes(entries * costs.storedBytes * replicas * hours * 3600),
    ],
    [
      "the same, on each server",
      bytes(entries * costs.storedBytes * replicas * hours * 3600 / servers),
    ],
    ["connections of a server", count(machines / servers)],
    ["their memory", bytes(machines / servers * costs.connectionBytes)],
    ["a machine's log is full after", `${(fleet.logEntries / rate).toFixed(0)} s`],
  ];
  return { title: "How much it is", head: ["what", "figure"], rows };
}

function useTable(use: Record<Part, number>): Table {
  const rows = (Object.entries(use) as [Part, number][])
    .sort(([, a], [, b]) => b - a)
    .map(([part, share]) => [NAMES[part], `${(share * 100).toFixed(0)} %`]);
  return { title: "What is full first, in an ordinary second", head: ["part", "use"], rows };
}

function outcomeTable(outcomes: Outcome[]): Table {
  const rows = outcomes.map(({ title, written, lost, mostLag, recovery }) => [
    title,
    `${mostLag.toFixed(1)} s`,
    `${(lost / written * 100).toFixed(2)} %`,
    recovery === Infinity ? "not within the hour" : `${recovery} s`,
  ]);
  return {
    title: "What happens in an hour in which this goes wrong",
    head: ["what goes wrong", "latest entry", "lost of all, by gap records", "over after"],
    rows,
  };
}

function count(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toPrecision(3)} ${units[unit]}`;
}
