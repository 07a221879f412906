/**
 * The command `ouroboros`: writes, reads, keeps, sends and removes logs.
 *
 * ```sh
 * deno run -A src/cli/main.ts --help
 * ```
 *
 * ## Commands
 *
 * `deno task cli …` in a clone; the same under `bun src/cli/main.ts …` and
 * `node src/cli/main.ts …`. `ouroboros --help` lists the commands, `ouroboros COMMAND --help`
 * describes one.
 *
 * ```sh
 * ouroboros run --save /var/crash -- node app.js  # what it prints, and how it ends
 * app | ouroboros write /app --tee           # lines become entries, and are printed, too
 * ouroboros tail -f /app                     # the last 10 entries, and new ones
 * ouroboros tail /app --all --json           # all entries, {"seq":1,"text":"…"} a line
 * ouroboros tail /app --from 5000 -g ERR     # from entry 5000 on, those that match
 * ouroboros tail /app --since 10m -p warn    # the last ten minutes, warnings and errors
 * ouroboros tail -f /api /worker             # several logs, merged by time
 * ouroboros tail -F /app --state app.state   # across restarts of the app, and of this command
 * ouroboros record /app app.txt --max-size 100M --keep 5   # all entries, in files that rotate
 * ouroboros save /app app.log                # the log as it is now, in a file
 * ouroboros replay app.log /test --speed 10  # once more, ten times as fast
 * ouroboros verify app.log                   # look for damage; exit code 1: damaged
 * ouroboros forward /app --to nats://10.0.0.7 --stream LOGS  # to NATS JetStream
 * ouroboros tail -f nats://10.0.0.7/LOGS     # and from there, on another machine
 * ouroboros serve                            # all logs of this machine, in the browser
 * ouroboros stat /app                        # chunks, numbers, damage, is the writer alive
 * ouroboros top                              # all logs, live: rates, chunks, how far they reach back
 * ouroboros list                             # the logs on this machine
 * ouroboros remove /app                      # refuses while a writer is alive
 * ouroboros doctor                           # whether logs work on this machine
 * ```
 *
 * A flag means one thing in all commands. `tail` also takes what users of other programs type:
 * `-20`, `-n +5`, `--follow=name`, `--since yesterday`, `-p warning..err`, `--tail 20`.
 *
 * On a terminal, `tail` shows JSON lines of pino, LogTape, winston and OpenTelemetry with time,
 * level, logger, message and fields, and stacks below (`-o pretty` elsewhere, `-o text` for the line
 * as it is). `--since`, `--until` and `--level` read the same lines. The file of `--state` is renamed
 * into place after each piece of output: a `kill -9` of `tail` can repeat entries and never skips
 * any. Entries that were overwritten meanwhile are counted.
 *
 * Commands that read a log take a file that `save` made in place of a name: `./app.log`, or
 * `app.log` if no log has that name. A saved log has the sequence numbers of the original, and no
 * damaged entry; in a program it is `saveLog()`, and on any memory `snapshot()`. `record` says what
 * was lost, in the file, too; with `-F --state` it survives restarts of the writer and of itself.
 * `replay` takes the files of `save`, `record` and `tail`. `dump` and `generate` have the flags of
 * the reference's tools and can stand in their place.
 *
 * `source <(ouroboros completions bash)`, or `zsh`, `fish`, `powershell`, completes commands,
 * options and names of logs. `scripts/lnav` has formats for lnav. Exit codes: 0 done, 1 failed (one line says why), 2
 * wrong usage.
 *
 * ## Live view
 *
 * `ouroboros serve [NAME…]` prints an address; `--open` opens it. The page shows what comes
 * (pause, search, levels; records of pino, LogTape, winston and OpenTelemetry are recognized), how
 * much that is, and the log itself: chunks by their age, the writer on its way, what it
 * overwrites next, how far back the log reaches. It is used by keys alone, too, and on a phone.
 *
 * - **Nothing is left out silently.** A page is sent up to `--rate` entries a second, 10,000 by
 *   default; of more it gets a sample, and says so: "showing 2,000 of 10,000/s". A search is made
 *   by the server in all entries, before the sample is taken, up to 100,000 a second; and in what
 *   is in the log. What was overwritten before the server could read it is counted.
 * - **A slow page costs nothing.** What it does not take in time is dropped and counted, so that
 *   the server does not grow. A page out of sight asks for nothing, and catches up when it is
 *   back. A log is followed once, however many pages look at it.
 * - **Who may look.** The address holds a random token; without it the server says nothing. It
 *   listens on this machine only, unless `--host` says otherwise (without encryption), and answers
 *   only to its own names, so that no page of another site can reach it (DNS rebinding). The page loads
 *   nothing from elsewhere, runs one script, known by its hash, and can't make elements of text.
 *
 * `deno task bench:live` measures it in Chromium (headless, two cores, the server on Node 26): at
 * 10,000 lines a second 16.7 ms from frame to frame (median; p99 16.8 ms). Beside a writer at full
 * speed, 4 to 8 million lines a second, the heap of the page stayed between 5.3 and 6.1 MB for
 * five minutes, its process between 179 and 184 MB, the server between 131 and 148 MB.
 *
 * @module
 */

import process from "node:process";
import { isOwnThread } from "./process/own_thread.ts";
import { main } from "./program.ts";

// Not by exitCode alone: a standard input that is still open would keep the process.
if (!isOwnThread()) main(process.argv.slice(2)).then((code) => process.exit(code));
