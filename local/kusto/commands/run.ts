import type { CommandResult } from "../engine/result.ts";
import { writable } from "../following/readOnly.ts";
import { notSupported, syntaxError } from "../kustoError.ts";
import { columnCommands } from "./columns.ts";
import { type CommandContext, type CommandFamily, current } from "./context.ts";
import { databaseScript } from "./databaseScript.ts";
import { databaseCommands } from "./databases.ts";
import { dropCommands } from "./dropExtents.ts";
import { exportCommands } from "./export.ts";
import { showExtents } from "./extents.ts";
import { tagCommands } from "./extentTags.ts";
import { followerCommands } from "./followers.ts";
import { functionCommands } from "./functions.ts";
import { ingestCommands } from "./ingest.ts";
import { ingestFromQuery } from "./ingestFromQuery.ts";
import { tokenAt } from "./lexer.ts";
import { mappingCommands } from "./mappings.ts";
import { moveCommands } from "./moveExtents.ts";
import { nothingOfKind } from "./nothingOfKind.ts";
import { operationCommands } from "./operations.ts";
import { pipeOf, runPiped } from "./pipes.ts";
import { policyCommands } from "./policies.ts";
import { principalCommands } from "./principals.ts";
import { createReader } from "./reader.ts";
import { showTableCommands } from "./showTables.ts";
import { checkSyntax } from "./syntaxCheck.ts";
import { systemCommands } from "./system.ts";
import { tableCommands } from "./tables.ts";
import { workloadGroupCommands } from "./workloadGroups.ts";

const FAMILIES: readonly CommandFamily[] = [
  followerCommands,
  ingestFromQuery,
  ingestCommands,
  exportCommands,
  moveCommands,
  dropCommands,
  tagCommands,
  showExtents,
  policyCommands,
  operationCommands,
  mappingCommands,
  functionCommands,
  principalCommands,
  nothingOfKind,
  workloadGroupCommands,
  systemCommands,
  columnCommands,
  databaseCommands,
  (reader, context) => databaseScript(reader, context, runCommand),
  showTableCommands,
  tableCommands,
];

/** The command without the blanks, blank lines and comments before it. */
function withoutLead(text: string): string {
  return text.slice(tokenAt(text, 0).start).trim();
}

/** The command's kind as operations and journals name it: its leading words. */
export function commandKind(text: string): string {
  const words = /^\.\s*([a-z-]+)(?:\s+async)?(?:\s+([a-z-]+))?/i.exec(withoutLead(text));
  return `${words?.[1] ?? ""} ${words?.[2] ?? ""}`.trim();
}

/** Commands that bring rows into the database they run in, or move them: refused before anything is read or started. */
const WRITES_ROWS = /^\.\s*(set|append|set-or-append|set-or-replace|ingest|move|replace)\b/i;

/** Runs one management command; after a `.show` command the rest of a pipe is a query over its rows. */
export async function runCommand(context: CommandContext, text: string): Promise<CommandResult> {
  const trimmed = withoutLead(text);
  if (!trimmed.startsWith(".")) throw syntaxError("a management command starts with a dot.");
  const pipe = pipeOf(trimmed);
  checkSyntax(pipe === undefined ? trimmed : trimmed.slice(0, pipe));
  if (WRITES_ROWS.test(trimmed)) writable(current(context));
  const reader = createReader(pipe === undefined ? trimmed : trimmed.slice(0, pipe), 1);
  for (const family of FAMILIES) {
    const answer = await family(reader, context);
    if (answer === undefined) continue;
    return pipe === undefined ? answer : runPiped(context, answer, trimmed.slice(pipe));
  }
  throw notSupported(`The command '${trimmed.slice(0, 100)}'`);
}
