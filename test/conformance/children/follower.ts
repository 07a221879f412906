/**
 * A follower: says "there" when it follows, follows a log up to entry `last` (0: to its end), and says
 * how many entries it read, lost, and how often it moved on. Then there is nothing left to do for it.
 */

import process from "node:process";
import { type FollowOptions, ShmLogReader } from "../../../mod.ts";

const [name, last, how, ...flags] = process.argv.slice(2);
const reader = ShmLogReader.open(name, { strategy: "oldest" });
let [count, moves] = [0, 0];
const options: FollowOptions = {
  onAbandoned: (["end", "reopen"] as const).find((word) => flags.includes(word)),
  onReopen: () => moves++,
};
const isLast = (number: number) => last !== "0" && number >= Number(last);
console.log("there");
if (how === "batches") {
  for await (const batch of reader.followBatches(options)) {
    count += batch.length;
    if (isLast(reader.lastSequenceNumber)) break;
  }
} else {
  for await (const entry of reader.follow(options)) {
    count++;
    if (isLast(entry.sequenceNumber)) break;
  }
}
console.log(JSON.stringify({ count, lost: reader.lostEntries, moves }));
reader.close();
