/** Has a state file until it is killed. Arguments: its path. */

import process from "node:process";
import { StateFile } from "../../../src/ship/state_file.ts";

const file = StateFile.open(process.argv[2]);
file.saveNow({ by: "child" });
console.log("saved");
setInterval(() => file.path, 1000);
