/**
 * Whether what users say makes sense, before anything is begun.
 *
 * @module
 */

/** The longest time in milliseconds that a timer takes: more would be none at all. */
const LONGEST_TIME = 2 ** 31 - 1;

/**
 * Throws unless a stream can have that name.
 *
 * @throws {RangeError} if not
 */
export function checkStreamName(stream: unknown): void {
  if (!isName(stream)) throw new RangeError(`"${stream}" is no name of a stream`);
}

/**
 * Throws unless a consumer can have that name.
 *
 * @throws {RangeError} if not
 */
export function checkConsumerName(consumer: unknown): void {
  if (isName(consumer)) return;
  throw new RangeError(`"${consumer}" is no name of a consumer: no space, ".", "*", ">", "/"`);
}

/**
 * Throws unless what subjects of answers begin with is a subject, without wildcards.
 *
 * @throws {RangeError} if not
 */
export function checkInboxPrefix(prefix: unknown): void {
  if (typeof prefix === "string" && /^[^\s.*>\p{Cc}]+(\.[^\s.*>\p{Cc}]+)*$/u.test(prefix)) return;
  throw new RangeError(`inboxPrefix is "${prefix}", but must be a subject without wildcards`);
}

/**
 * Throws unless a domain of JetStream can have that name: it becomes a part of subjects.
 *
 * @throws {RangeError} if not
 */
export function checkDomain(domain: unknown): void {
  if (!isName(domain)) throw new RangeError(`"${domain}" is no name of a domain of JetStream`);
}

/**
 * Throws unless times in milliseconds are at least that long, and no longer than a timer can wait.
 *
 * @throws {RangeError} if one is not
 */
export function checkTimes(times: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(times)) {
    if (value >= least && value <= LONGEST_TIME) continue;
    throw new RangeError(`${name} is ${value}, but must be from ${least} to ${LONGEST_TIME} ms`);
  }
}

/**
 * Throws unless a number is an integer from `least` to `most`.
 *
 * @throws {RangeError} if not
 */
export function checkInteger(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} on` : `${least} to ${most}`;
  throw new RangeError(`${name} is ${value}, but must be an integer from ${range}`);
}

/**
 * Throws unless a word is one of those that are there to choose from.
 *
 * @throws {TypeError} if not
 */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const [last, ...others] = choices.toReversed();
  throw new TypeError(
    `${name} is "${value}", but must be ${others.reverse().join(", ")} or ${last}`,
  );
}

/** Whether the server takes it for the name of a stream, or of a consumer. */
function isName(text: unknown): boolean {
  return typeof text === "string" && /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(text);
}
