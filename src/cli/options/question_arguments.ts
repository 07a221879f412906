/**
 * What stands on a command line about the fields of records. A file of its own, because commands that
 * ask nothing of records need not load the parser of questions.
 *
 * @module
 */

import { InvalidArgumentError, Option } from "commander";
import { Field } from "../../records/question/field.ts";
import { QuestionError } from "../../records/question/mistake.ts";
import { Where } from "../grep/where.ts";

/** A question; with one that stands before it, both must be answered with yes. */
export function whereArgument(text: string, previous?: Where): Where {
  try {
    const where = new Where(text);
    return previous === undefined ? where : new Where(`(${previous.text}) AND (${text})`);
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    const { message } = error;
    // Shells take > and < for the name of a file.
    const hint = text.endsWith(":") ? " Quote a question with > or <: --where 'status:>=500'." : "";
    throw new InvalidArgumentError(
      `${message[0].toUpperCase()}${message.slice(1)}.${hint}\n${error.pointed}`,
    );
  }
}

/** Names of fields, with commas between. */
export function fieldsArgument(text: string, previous: Field[] = []): Field[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) {
    throw new InvalidArgumentError("Names of fields are expected, like time,level,msg,req.url.");
  }
  return [...previous, ...names.map((name) => new Field(name))];
}

/** The name of a field. */
export function fieldArgument(text: string): Field {
  const [field, ...others] = fieldsArgument(text);
  if (others.length > 0) throw new InvalidArgumentError("The name of one field is expected.");
  return field;
}

/** `--fields`. */
export function fieldsOption(): Option {
  return new Option("--fields <names>", "print only these fields: time,level,msg,req.url")
    .argParser(fieldsArgument);
}
