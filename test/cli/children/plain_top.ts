/** `ouroboros top` of one log as it is without Ink and React. */

import process from "node:process";
import { Interrupt } from "../../../src/cli/process/interrupt.ts";
import { showPlainScreen } from "../../../src/cli/top/plain_screen.ts";
import { NamedLogs } from "../../../src/cli/options/named_logs.ts";
import { Watch } from "../../../src/cli/top/watch.ts";

using interrupt = new Interrupt({ output: true });
const { signal } = interrupt;
const [, , name, interval] = process.argv;
await showPlainScreen({
  watch: new Watch(new NamedLogs([name])),
  interval: Number(interval),
  isLong: false,
  sort: "rate",
  signal,
});
