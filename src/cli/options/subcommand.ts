/**
 * A command of ours, which also takes what users of `tail`, `journalctl`, `grep` and `docker logs` type.
 *
 * @module
 */

import { Command, type Option } from "commander";
import { warn } from "../output/warn.ts";

/** What others spell, and how we do; `$1` is what was in the group. */
const SPELLINGS: readonly [theirs: RegExp, ours: readonly string[]][] = [
  // tail -20, tail -20f
  [/^-(\d+)$/, ["--lines=$1"]],
  [/^-(\d+)f$/, ["--lines=$1", "--follow"]],
  [/^-(\d+)F$/, ["--lines=$1", "--follow-name"]],
  [/^--follow=name$/, ["--follow-name"]],
  [/^--follow=descriptor$/, ["--follow"]],
  // docker logs, kubectl logs, stern
  [/^--tail(=.*)?$/, ["--lines$1"]],
  // journalctl
  [/^--errors?$/, ["--level=error"]],
  [/^--first(=.*)?$/, ["--head$1"]],
  [/^--pretty$/, ["--output=pretty"]],
  // docker, git
  [/^--format(=.*)?$/, ["--output$1"]],
  [/^--priority(=.*)?$/, ["--level$1"]],
  [/^--no-tail$/, ["--all"]],
  // grep
  [/^-[eE]$/, ["--grep"]],
  [/^--(?:regexp|extended-regexp|perl-regexp)(=.*)?$/, ["--grep$1"]],
  [/^(?:-m|--max-count)(=.*)?$/, ["--head$1"]],
  [/^--after-context$/, ["-A"]],
  [/^--before-context$/, ["-B"]],
  // ls, grep, git
  [/^--colou?r=(?:always|yes)$/, ["--color"]],
  [/^--colou?r=(?:never|no)$/, ["--no-color"]],
  [/^--colou?r=auto$/, []],
];

/** What others have and we need not: we wait for a log in any case, and have no pager. */
const NEEDLESS = /^--(?:retry|no-pager|line-buffered)$/;

/** What others have and we have not, and what to type. */
const HINTS: readonly [theirs: RegExp, hint: string][] = [
  [/^(?:-c|--bytes|--count)\b/, "-n <count> prints the last entries; | wc -l counts them"],
  [/^--log(?:=|$)/, "name the log: ouroboros tail /NAME; of a file of several, --where log:NAME"],
  [/^(?:-u|--unit|--identifier)\b/, "name the log: ouroboros tail /NAME"],
  [/^(?:-[bk]|--boot|--dmesg)\b/, "--since names a time: --since today"],
  [/^(?:-s|--sleep-interval|--pid)\b/, "-f ends with its log, -F at Ctrl-C"],
  [/^-l$/, "-p <level> selects by level: -p error"],
  [/^--(?:include|highlight)\b/, "-g <pattern> selects entries, with -v the others"],
  [/^(?:-t|--timestamps)$/, "-o pretty shows the times of records"],
];

/** A command, and its subcommands. */
export class Subcommand extends Command {
  /** Spellings of before, and those of now. */
  readonly oldOptions: Map<string, string> = new Map();

  override createCommand(name?: string): Command {
    return new Subcommand(name);
  }

  /** Takes also the spellings of others, where the command has what they mean. */
  override parseOptions(words: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(this.parent === null ? words : this.#translated(words));
  }

  #translated(words: readonly string[]): string[] {
    const result: string[] = [];
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      if (word === "--") return [...result, ...words.slice(i)];
      const hint = this.#hint(word);
      if (hint !== undefined) {
        this.error(`error: unknown option '${word}'\n(${hint})`, {
          code: "commander.unknownOption",
        });
      }
      result.push(...this.#ours(this.#renamed(word)));
      // What belongs to an option is no option.
      if (this.#expectsValue(result.at(-1) ?? "") && i + 1 < words.length) result.push(words[++i]);
    }
    return result;
  }

  /** A spelling of before as that of now, with a line that says so. */
  #renamed(word: string): string {
    const flag = word.split("=")[0];
    const now = this.oldOptions.get(flag);
    if (now === undefined) return word;
    warn(`${flag} is now ${now}`);
    return now + word.slice(flag.length);
  }

  #ours(word: string): string[] {
    for (const [theirs, ours] of SPELLINGS) {
      if (!theirs.test(word)) continue;
      const words = ours.map((one) => word.replace(theirs, one));
      // Some are ours, too, in another command.
      if (words.every((one) => this.#has(one.split("=")[0])) && !this.#has(word)) return words;
    }
    return NEEDLESS.test(word) && this.#has("--lines") ? [] : [word];
  }

  /** What to type in place of an option of another program. */
  #hint(word: string): string | undefined {
    const isLevel = /^(?:-p|--level(?:=|$))/.test(word) && this.#has("--where");
    if (isLevel && !this.#has("--level") && !this.#has("-p")) return LEVEL_HINT;
    if (!this.#has("--lines") || this.#has(word.split("=")[0])) return undefined;
    return HINTS.find(([theirs]) => theirs.test(word))?.[1];
  }

  #has(flag: string): boolean {
    return this.options.some((option) => isOf(option, flag));
  }

  #expectsValue(word: string): boolean {
    // -fn, too.
    const flag = /^-\w{2,}$/.test(word) ? `-${word.at(-1)}` : word;
    return this.options.some((option) => option.required && isOf(option, flag));
  }
}

function isOf({ short, long }: Option, flag: string): boolean {
  return short === flag || long === flag;
}

/** Ends the command for what the parser takes, and makes no sense. */
export function usageError(command: Command, what: string): never {
  command.error(`error: ${what}`, { exitCode: 2 });
}

/** An option as it is typed: `maxBytes` is `--max-bytes`. */
export function flagOf(name: string): string {
  if (name.length === 1) return `-${name}`;
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Of commands that select by questions only. */
const LEVEL_HINT = "--where 'level:>=warn' selects by level";

/** Lets `old` mean what `now` means, for one release: it says what to type. */
export function oldOption(command: Command, old: string, now: string): void {
  if (command instanceof Subcommand) command.oldOptions.set(old, now);
}
