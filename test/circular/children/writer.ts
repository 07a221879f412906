/**
 * Writes numbered messages, in bursts or without a rest, until it is told to pause; then
 * at the `end` a few more; says how many.
 */

import process from "node:process";
import { CircularBufferWriter } from "../../../src/circular/mod.ts";
import { fillMessage, MOST, writeBursts } from "./messages.ts";

const [indexName, dataName, capacity, burst] = process.argv.slice(2);
const writer = CircularBufferWriter.open({ indexName, dataName, capacity: Number(capacity) });
const room = new Uint8Array(MOST);
const views = Array.from({ length: MOST + 1 }, (_, length) => room.subarray(0, length));
await writeBursts(Number(burst), (number) => writer.write(views[fillMessage(number, room)]));
writer.close();
process.exit(0);
