/** What people would use instead, and what a line of 100 bytes costs there. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { thisRuntime } from "../scripts/runtimes.ts";
import { LINE_SIZE } from "./peers/lines.ts";
import { linesOf, peers, type Receipt } from "./peers/peers.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 3;

interface Cost {
  /** What the caller waits, in ns a line, on average. */
  caller: number;
  /** From the first line to the last one's arrival, in ns. */
  elapsed: number;
  /** CPU time of all processes involved, in ns. */
  cpu: number;
  /** What the receiver says. */
  receipt?: Receipt;
}

/** Runs every peer, in rounds one after the other. */
export async function benchPeers(_: unknown, onCase: () => void): Promise<Report> {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const names = Object.keys(peers);
  const costs = new Map(names.map((name): [string, Cost[]] => [name, []]));
  const failures = new Map<string, string>();
  const notes: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        if (failures.has(name)) continue;
        try {
          costs.get(name)?.push(await runPeer(name, folder));
        } catch (error) {
          failures.set(name, (error as Error).message);
        }
        onCase();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const data = names.filter((name) => !failures.has(name)).map((name) => {
    const of = (key: "caller" | "elapsed" | "cpu") =>
      median((costs.get(name) ?? []).map((cost) => cost[key]));
    const lines = linesOf(name);
    return {
      name,
      caller: of("caller"),
      perSecond: lines / of("elapsed") * 1e9,
      cpu: of("cpu") / lines,
    };
  });
  const own = data[0].caller;
  for (const name of names) {
    const receipts = (costs.get(name) ?? []).flatMap(({ receipt }) => receipt ?? []);
    const sum = (key: keyof Receipt) => {
      return receipts.reduce((total, receipt) => total + (receipt[key] ?? 0), 0);
    };
    if (receipts.length > 0 && receipts[0].lost !== undefined) {
      notes.push(
        `${name}: a reader process got ${sum("lines")} lines in ${receipts.length} runs, ` +
          `${sum("wrong")} of them wrong; it lost ${sum("lost")}.`,
      );
    }
  }
  for (const [name, message] of failures) notes.push(`${name}: does not run here: ${message}`);
  return {
    name: "peers",
    tables: [{
      title: `${runtimeTitle()}: a line of ${LINE_SIZE} bytes (median of ${ROUNDS} runs)`,
      head: ["", "ns for the caller", "times ours", "lines/s sustained", "CPU ns a line"],
      rows: data.map(({ name, caller, perSecond, cpu }) => [
        name,
        digits(caller),
        `${digits(caller / own)}×`,
        Math.round(perSecond).toLocaleString("en-US"),
        digits(cpu),
      ]),
    }],
    notes,
    data,
  };
}

/** Runs one, into a file or, for the socket, to us. */
async function runPeer(name: string, folder: string): Promise<Cost> {
  const path = `${folder}/lines`;
  const resultPath = `${folder}/result.json`;
  const output = openSync(path, "w");
  let server: Server | undefined;
  const cpuStart = process.cpuUsage();
  try {
    if (name === "Unix socket") {
      rmSync(path);
      server = createServer((socket) => socket.resume().on("end", () => socket.end()));
      server.listen(path);
      await once(server, "listening");
    }
    await runSender([name, path, resultPath, String(linesOf(name))], output);
  } finally {
    closeSync(output);
    server?.close();
  }
  const cost: Cost = JSON.parse(readFileSync(resultPath, "utf8"));
  if (server === undefined) checkFile(name, path);
  else {
    const { user, system } = process.cpuUsage(cpuStart);
    cost.cpu += (user + system) * 1000;
  }
  rmSync(path, { force: true });
  return cost;
}

/** Each peer does its real work: the lines must be in the file. */
function checkFile(name: string, path: string): void {
  if (!/file|writeSync/.test(name)) return;
  const { size } = statSync(path);
  if (size < linesOf(name) * LINE_SIZE) throw new Error(`only ${size} bytes in its file`);
}

/** Runs a sender in a process of its own, whose standard output is a file. */
export async function runSender(args: string[], output: number): Promise<void> {
  const { path, run } = thisRuntime();
  const file = fileURLToPath(new URL("peers/sender.ts", import.meta.url));
  const child = spawn(path, [...run, file, ...args], { stdio: ["ignore", output, "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const [code, signal] = await once(child, "exit");
  clearTimeout(timer);
  if (code !== 0) throw new Error(`it ended with ${code ?? signal}`);
}
