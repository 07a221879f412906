/**
 * `ouroboros tail nats://…`: a look at a stream, which leaves no trace there.
 *
 * @module
 */

import { NatsLink } from "../../ship/carriers/nats/connect.ts";
import { lastMessages } from "../../ship/carriers/nats/stream.ts";
import { receive, type ReceiveOptions } from "../../ship/carriers/nats/receive.ts";
import type { Field } from "../../records/question/field.ts";
import type { Criteria } from "../options/selection.ts";
import type { EntryFormat } from "../output/format.ts";
import { Interrupt } from "../process/interrupt.ts";
import { natsOptions } from "./nats_options.ts";
import type { StreamTarget } from "./stream_address.ts";
import { distrustNotice, ReceivedPrinter } from "./received_printer.ts";

/** How to look. */
export interface TailStreamOptions extends Criteria {
  follow: boolean;
  /** The last so many messages; unless `from` says where to begin. */
  lines: number;
  from: "oldest" | number | undefined;
  output?: EntryFormat;
  fields?: readonly Field[];
  prefix: boolean;
  color?: boolean;
}

/** How long what came too early waits for what is missing, in milliseconds: people look at it. */
const HOLD = 5000;

/** Prints what is in a stream, and perhaps what comes. */
export async function tailStream(
  { server, stream, subject }: StreamTarget,
  options: TailStreamOptions,
): Promise<void> {
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const { follow, lines } = options;
  // Of one subject there is mostly one log.
  const prefix = options.prefix && (subject === undefined || /[*>]/.test(subject));
  const printer = ReceivedPrinter.standard({ ...options, prefix }, signal);
  const place = { stream, ...subject !== undefined && { subject } };
  try {
    await using link = await NatsLink.open({ ...natsOptions(server, {}), signal });
    let from: ReceiveOptions["from"] = "oldest";
    let excess = 0;
    if (typeof options.from === "number") from = { streamSequence: Math.max(1, options.from) };
    else if (options.from === undefined && lines === 0) from = "new";
    else if (options.from === undefined) {
      const last = await lastMessages(link, place, lines);
      from = { streamSequence: last.streamSequence };
      excess = last.excess;
    }
    if (from === "new" && !follow) return;
    const reception = receive({ ...place, link, from, follow, signal, maxHold: HOLD });
    const sayDistrusted = distrustNotice();
    for await (const items of reception.batches()) {
      sayDistrusted(reception.summary);
      const skipped = Math.min(excess, items.length);
      excess -= skipped;
      if (!await printer.print(skipped === 0 ? items : items.slice(skipped), signal)) break;
    }
    await printer.end();
    sayDistrusted(reception.summary);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
