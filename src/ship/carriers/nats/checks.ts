/**
 * Whether what users say makes sense, before anything is begun.
 *
 * @module
 */

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

/** Whether the server takes it for the name of a stream, or of a consumer. */
function isName(text: unknown): boolean {
  return typeof text === "string" && /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(text);
}
