/** Tests on simulated Macs. */

import process from "node:process";
import test from "node:test";
import type { MacArch } from "./mac_kernel.ts";
import { sameOnAll } from "./runtime.ts";
import { SimulatedMac } from "./simulated_mac.ts";

/** Whether there can be a simulated Mac, and no other runtime has it; if not, why. */
export const skip: string | false = process.platform === "linux"
  ? sameOnAll
  : "the simulation needs Linux";

/** A test on a Mac of each kind. */
export function macTest(
  title: string,
  body: (mac: SimulatedMac, arch: MacArch) => void | Promise<void>,
): void {
  for (const arch of ["arm64", "x64"] as const) {
    test(`macOS ${arch}: ${title}`, { skip }, async () => {
      using mac = new SimulatedMac(arch);
      await body(mac, arch);
    });
  }
}
