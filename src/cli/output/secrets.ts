/**
 * Passwords in what a command says.
 *
 * @module
 */

/**
 * Up to the last `@` of the line: a password may hold anything. More is hidden than there must be where
 * several addresses stand in a line.
 */
const USER = /\b(nats|tls|wss?):\/+[^\n]*@/gi;

/** What the parser says of an option that takes servers, which may stand there without a scheme. */
const OPTION = /(option '--(?:from|to) [^']*' argument ')[^\n]*@/g;

/** A text without the users, passwords and tokens that stand in addresses of servers. */
export function withoutPasswords(text: string): string {
  return text.replace(USER, "$1://***@").replace(OPTION, "$1***@");
}
