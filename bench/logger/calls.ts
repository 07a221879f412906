/** What the loggers are called with: several shapes of objects and messages at each place. */

/** Members of a line. */
export type Fields = Record<string, unknown>;

/** The kinds of calls. */
export const KINDS = ["message", "4 fields", "10 fields", "child of 5", "error", "event"] as const;

/** A kind of call. */
export type Kind = typeof KINDS[number];

const MESSAGES: readonly string[] = [
  "user logged in",
  "request completed",
  "connection to the database opened again",
];
const USERS = Array.from({ length: 64 }, (_, i) => JSON.parse(`"user-${i * 7919}"`) as string);

/** What all lines of the child have. */
export const BINDINGS: Fields = {
  service: "api",
  region: "eu-1",
  shard: 7,
  canary: false,
  load: 0.5,
};

/** What is logged as an error, and its message. */
export const FAILURE: Error = new Error("connection lost");

/** The message of call `i` of a kind. */
export function messageOf(kind: Kind, i: number): string {
  if (kind === "error") return "failed";
  return kind === "event" ? "request done" : MESSAGES[i % 3];
}

/** Four fields, in three shapes. */
export function fourOf(i: number): Fields {
  const user = USERS[i & 63];
  switch (i % 3) {
    case 0:
      return { id: i, user, ok: true, ms: (i % 1000) / 8 };
    case 1:
      return { id: i, path: "/users/7/orders", ok: false, size: i * 3 };
    default:
      return { id: i, user, retry: i & 7, ms: i % 100 };
  }
}

/** The fields of the event: of one shape, as it is declared. */
export function eventOf(i: number): [id: number, user: string, ok: boolean, ms: number] {
  return [i, USERS[i & 63], (i & 1) === 0, (i % 1000) / 8];
}

/** Ten fields, in two shapes. */
export function tenOf(i: number): Fields {
  const user = USERS[i & 63];
  return i % 2 === 0
    ? {
      id: i,
      user,
      ok: true,
      ms: (i % 1000) / 8,
      method: "GET",
      path: "/users/7/orders",
      status: 200,
      bytes: i * 3,
      host: "shop.example.org",
      cached: false,
    }
    : {
      id: i,
      queue: "mail",
      attempt: i & 7,
      delay: 1.5,
      topic: "orders.created",
      partition: 3,
      offset: i * 17,
      user,
      key: "k-1",
      done: true,
    };
}

/** The members that the line of call `i` of a kind has, besides those that all lines have. */
export function fieldsOf(kind: Kind, i: number): Fields {
  switch (kind) {
    case "4 fields":
      return fourOf(i);
    case "10 fields":
      return tenOf(i);
    case "child of 5":
      return BINDINGS;
    case "event": {
      const [id, user, ok, ms] = eventOf(i);
      return { id, user, ok, ms };
    }
    default:
      return {};
  }
}
