/** Both sides of a ring, which put in and check a stream of events. */

import type { SpscConsumer, SpscProducer } from "../../src/events/mod.ts";
import { eventOf, isEvent } from "./events.ts";

/** How a side works, and how it waits. */
export type Way = "single" | "batch" | "async";

/** Puts in events 0 to `count` - 1; gives 0. */
export async function produceAll(
  producer: SpscProducer,
  count: number,
  most: number,
  way: Way,
): Promise<number> {
  let number = 0;
  while (number < count) {
    if (way === "single") {
      const event = eventOf(number, most);
      if (producer.writeEvent(event, event.payload)) number++;
      else producer.waitNotFull(event.payload.length);
    } else {
      const size = Math.min(20, count - number);
      const events = Array.from({ length: size }, (_, i) => eventOf(number + i, most));
      const put = producer.writeMany(events);
      number += put;
      if (put === size) continue;
      const { length } = events[put].payload;
      if (way === "async") await producer.waitNotFullAsync(length);
      else producer.waitNotFull(length);
    }
  }
  return 0;
}

/** Takes out `count` events; gives how many were wrong. */
export async function consumeAll(
  consumer: SpscConsumer,
  count: number,
  most: number,
  way: Way,
): Promise<number> {
  let number = 0;
  let wrong = 0;
  while (number < count) {
    if (way === "single") {
      const event = consumer.readEvent();
      if (event === undefined) consumer.waitNotEmpty();
      else if (!isEvent(event, event.payload, number++, most)) wrong++;
      continue;
    }
    const taken = consumer.drain((event) => {
      if (!isEvent(event, event.bytes(), number++, most)) wrong++;
    }, 50);
    if (taken > 0) continue;
    if (way === "async") await consumer.waitNotEmptyAsync();
    else consumer.waitNotEmpty();
  }
  return wrong;
}
