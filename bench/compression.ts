/** How much less a compressed recording is, by the size of its blocks, and what that costs. */

import { Buffer } from "node:buffer";
import process from "node:process";
import pino from "pino";
import { COMPRESSIONS } from "../src/compression/kinds.ts";
import { packUnit } from "../src/compression/units.ts";
import { unpack } from "../src/compression/unpack.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";

const COUNT = 100_000;
/** Sizes of blocks in KiB: what comes in 5 s of some 5 and 70 lines/s; what record makes; and more. */
const BLOCKS = [4, 64, 256, 1024, Infinity];
const METHODS = ["GET", "GET", "GET", "POST", "DELETE"];
const PATHS = ["/api/users", "/api/orders", "/static/app.js", "/healthz", "/api/search"];

/** Lines of requests, as pino writes them, and as `run` records a program that prints text. */
function linesOf(): [name: string, lines: Buffer][] {
  let seed = 1;
  const random = (below: number) => {
    seed = Math.imul(seed, 48271) % 0x7fffffff;
    return Math.abs(seed) % below;
  };
  const json: string[] = [];
  const log = pino({ base: { pid: 4711, hostname: "web-1" } }, {
    write: (line) => json.push(line),
  });
  const cri: string[] = [];
  let time = Date.UTC(2026, 10, 30);
  for (let i = 0; i < COUNT; i++) {
    const [method, path] = [METHODS[random(METHODS.length)], PATHS[random(PATHS.length)]];
    const [status, ms, id] = [random(50) === 0 ? 500 : 200, random(3000) / 10, random(2 ** 31)];
    time += random(20);
    log.info({ req: { id, method, url: `${path}/${random(10_000)}` }, status, ms }, "request");
    const stamp = new Date(time).toISOString().replace(
      "Z",
      `${String(random(1e6)).padStart(6, "0")}Z`,
    );
    cri.push(`${stamp} stdout F ${method} ${path}/${random(10_000)} ${status} ${ms} ms id=${id}\n`);
  }
  return [["pino", Buffer.from(json.join(""))], ["CRI", Buffer.from(cri.join(""))]];
}

/** Packs and unpacks blocks of whole lines. */
export function benchCompression(_: unknown, onCase: () => void): Report {
  const data = linesOf().flatMap(([name, lines]) =>
    COMPRESSIONS.flatMap((compression) =>
      BLOCKS.map((block) => {
        const units: Uint8Array[] = [];
        const start = process.cpuUsage();
        for (let at = 0; at < lines.length;) {
          const most = Math.min(at + block * 1024, lines.length);
          const end = most === lines.length ? most : lines.lastIndexOf(10, most) + 1;
          units.push(packUnit(compression, lines.subarray(at, end)));
          at = end;
        }
        const packing = process.cpuUsage(start);
        const packed = Buffer.concat(units);
        const middle = process.cpuUsage();
        const { bytes } = unpack(compression, packed, 2 ** 30);
        const unpacking = process.cpuUsage(middle);
        if (bytes.length !== lines.length) throw new Error(`${bytes.length} of ${lines.length}`);
        onCase();
        const ns = ({ user, system }: NodeJS.CpuUsage) => (user + system) * 1000 / COUNT;
        const ratio = lines.length / packed.length;
        return { name, compression, block, ratio, pack: ns(packing), unpack: ns(unpacking) };
      })
    )
  );
  return {
    name: "compression",
    tables: [{
      title: `${runtimeTitle()}: ${COUNT} lines of requests, compressed in blocks`,
      head: ["lines", "", "block, KiB", "times less", "CPU a line, ns", "to unpack, ns"],
      rows: data.map(({ name, compression, block, ratio, pack, unpack }) => [
        name,
        compression,
        block === Infinity ? "all" : String(block),
        digits(ratio),
        digits(pack),
        digits(unpack),
      ]),
    }],
    notes: ["`record` makes blocks of 256 KiB, or of what comes in 5 s."],
    data,
  };
}
