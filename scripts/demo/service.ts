/**
 * A service of the demo, which knows nothing of ouroboros: it prints a line for each order that it takes, from
 * the end of its standard input on. `service.ts ORDERS [FAULT]`: at the order FAULT it throws.
 */

import process from "node:process";

const [orders, fault] = process.argv.slice(2).map(Number);
let order = 0;

function say(level: string, msg: string, fields: object): void {
  console.log(JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields }));
}

function take(): void {
  order++;
  const rest = fault - order;
  if (rest === 0) {
    const cause = new Error("no connection left in the pool of 8");
    throw new TypeError("can't read 'price' of undefined", { cause });
  }
  if (rest < 600 && rest % 150 === 0) say("warn", "the pool is short", { free: rest / 150 });
  say("info", "order", { order, ms: order * 7 % 23 });
}

function open(): void {
  const timer = setInterval(() => {
    for (let i = 0; i < 10; i++) {
      if (order === orders) {
        clearInterval(timer);
        say("info", "sold out", { orders });
        return;
      }
      take();
    }
  }, 5);
}

process.stdin.once("end", open).resume();
say("info", "started", { pid: process.pid });
