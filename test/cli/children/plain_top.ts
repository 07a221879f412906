/** `ouroboros top` of one log as it is without Ink and React. */

import process from "node:process";
import { Interrupt } from "../../../src/cli/process/interrupt.ts";
import { showPlainScreen } from "../../../src/cli/top/plain_screen.ts";
import { Watch } from "../../../src/cli/top/watch.ts";

using interrupt = new Interrupt({ output: true });
const { signal } = interrupt;
const [, , name, interval] = process.argv;
await showPlainScreen({
  watch: new Watch([name]),
  interval: Number(interval),
  sort: "rate",
  signal,
});
