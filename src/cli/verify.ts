/**
 * `ouroboros verify`: whether a log is sound.
 *
 * @module
 */

import type { Command } from "commander";
import { CorruptLogError, UnsupportedLogError } from "../errors.ts";
import type { Verification } from "../log/verify.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { archives } from "../log/native/unpacked_file.ts";
import type { LogTarget } from "../log/native/target.ts";
import { missingOf } from "./files/cut_off.ts";
import { sourcesArgument } from "./options/arguments.ts";
import { oneByOne } from "./options/each_log.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { addOutputOptions } from "./options/common.ts";
import { harmless, jsonLines, oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { formatSize } from "../base/sizes.ts";
import { counted, entryCount } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";

const EXAMPLES = `
The exit code is 0 if the log is sound, 1 if it is damaged or can't be opened,
and 2 for wrong usage. A writer may be at work meanwhile. The format has no
checksums: changed bytes inside an entry are not found; headers, chunks and
numbers that do not fit together are, and what shows that a file was cut off.
${PATTERN_HELP}

Examples:
  ouroboros verify /app
  ouroboros verify ./app.log --json | jq .damage`;

interface VerifyOptions {
  output: "text" | "json";
}

/** What was found, or what the log's own header is wrong about. */
type Report =
  & { name: string }
  & (Verification | {
    isIntact: false;
    damage: { offset: number; what: string }[];
  });

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("verify")
    .description("Read everything in logs and look for damage.")
    .summary("look for damage in logs")
    .argument("<name...>", "the logs", sourcesArgument);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(verify);
}

async function verify(names: LogTarget[], options: VerifyOptions): Promise<void> {
  const output = Output.standard();
  const isJson = options.output === "json";
  let areIntact = true;
  await oneByOne(new NamedLogs(names).existing(), output, (target) => {
    const report = look(target);
    output.write(isJson ? jsonLines(report) : describe(report));
    areIntact &&= report.isIntact;
  });
  if (!areIntact) throw new ExitError(1);
}

function look(target: LogTarget): Report {
  const damage: { offset: number; what: string }[] = [];
  archives.onDamage = (what) => damage.push({ offset: 0, what });
  try {
    using reader = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
    const report = { name: reader.name, ...reader.verify() };
    const missing = missingOf(target);
    if (missing !== undefined) damage.push({ offset: 0, what: missing });
    // What was compressed may be sound up to where the file is cut off.
    return damage.length === 0 ? report : {
      ...report,
      isIntact: false,
      damage: [...damage, ...report.damage],
      damageCount: report.damageCount + damage.length,
    };
  } catch (error) {
    const name = nameOf(target);
    if (error instanceof CorruptLogError) {
      const damage = [{ offset: error.offset, what: error.message }];
      return { name, isIntact: false, damage };
    }
    // A log of another version may well be sound.
    if (error instanceof UnsupportedLogError && error.version === undefined) {
      return { name, isIntact: false, damage: [{ offset: 0, what: error.message }] };
    }
    throw error;
  }
}

function describe(report: Report): string {
  const colors = outputColors();
  const verdict = report.isIntact ? colors.green("sound") : colors.red("damaged");
  const lines = [`${colors.bold(oneLine(report.name))}: ${verdict}`];
  if ("entries" in report) {
    const { entries, firstSequenceNumber: first, lastSequenceNumber: last } = report;
    const range = entries > 0 ? `, ${first} to ${last}` : "";
    lines.push(
      `  ${entryCount(entries)}${range}, ${formatSize(report.bytesUsed)} ` +
        `in ${counted(report.chunksChecked, "chunk")}`,
    );
    if (report.chunksOvertaken > 0) {
      lines.push(
        `  not checked: ${counted(report.chunksOvertaken, "chunk")}, overwritten meanwhile`,
      );
    }
    for (const { after, missing } of report.gaps) {
      lines.push(
        `  ${entryCount(missing)} missing after entry ${after}`,
      );
    }
  }
  for (const one of report.damage) {
    const where = "chunk" in one
      ? `chunk ${one.chunk}, offset ${one.offset}`
      : one.offset === 0
      ? "file"
      : "header";
    lines.push(colors.red(`  damage: ${where}: ${harmless(one.what)}`));
  }
  if ("damageCount" in report) {
    const [damage, gaps] = [
      report.damageCount - report.damage.length,
      report.gapCount - report.gaps.length,
    ];
    if (gaps > 0) lines.push(`  ${gaps} more places where entries are missing`);
    if (damage > 0) lines.push(colors.red(`  damage: ${damage} more`));
  }
  return lines.map((line) => `${line}\n`).join("");
}
