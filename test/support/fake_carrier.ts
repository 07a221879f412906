/** An outbox, and a server that is made up. */

import type { Carrier } from "../../src/ship/outbox_options.ts";
import { MessageEncoder } from "../../src/ship/carriers/nats/message_encoder.ts";
import type { Lane, OutMessage } from "../../src/ship/out_message.ts";
import { Outbox } from "../../src/ship/outbox.ts";
import type { OutboxOptions } from "../../src/ship/outbox_options.ts";

/** The segment that messages are of. */
export const lane: Lane = {
  encoder: new MessageEncoder({ host: "h", name: "/a", segment: "1-2-3" }),
  identity: { device: 1, inode: 2, created: 3 },
  order: 0,
  rewinds: 0,
};

/** A message that was sent. */
export interface Published {
  id: string;
  payload: Uint8Array;
  headers: string;
  attempt: number;
  ticket: number;
}

/** Remembers what was sent, and says nothing by itself. */
export class FakeCarrier implements Carrier {
  isConnected = true;
  mostBytes = Infinity;
  readonly published: Published[] = [];
  onPublish: (message: Published) => void = () => {};

  publish(_: string, headers: Uint8Array, payload: Uint8Array, attempt: number, ticket: number) {
    const text = new TextDecoder().decode(headers);
    const message = {
      id: /Nats-Msg-Id: (\S+)/.exec(text)![1].replace("h/1-2-3/", ""),
      payload: payload.slice(),
      headers: text,
      attempt,
      ticket,
    };
    this.published.push(message);
    this.onPublish(message);
  }

  get ids(): string {
    return this.published.map(({ id }) => id).join(" ");
  }
}

/** An outbox that sends by a carrier, and what becomes of it. */
export function outboxOn(carrier: Carrier, options: Partial<OutboxOptions> = {}) {
  const settled: { from: number; to: number; reason: string | undefined }[] = [];
  const refusals: (string | undefined)[] = [];
  const outbox = new Outbox(carrier, {
    maxMessages: 4,
    maxBytes: 1000,
    ackTimeout: 60_000,
    tooLarge: "gap",
    onSettled: ({ from, to, reason }: OutMessage) => settled.push({ from, to, reason }),
    onRefused: (refusal) => refusals.push(refusal?.description),
    onSilence: () => Promise.resolve(),
    ...options,
  });
  return { outbox, settled, refusals };
}

/** The bytes of an entry of that length. */
export const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(65);
