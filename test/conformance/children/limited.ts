/** Makes a log of the default size, and one that is larger than its control group lets it be. */

import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogWriter } from "../../../mod.ts";
import { uniqueName } from "../../support/runtime.ts";

function attempt(chunkSize?: number): number | string {
  try {
    using writer = ShmLogWriter.create(uniqueName(), {
      unlinkOnClose: true,
      ...chunkSize === undefined ? {} : { chunkSize },
    });
    return writer.segmentSize;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

console.log([SharedMemory.memoryLimit, attempt(), attempt(16 << 20)].join());
