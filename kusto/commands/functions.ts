import { STATUS_COLUMNS } from "../../model/statusColumns.ts";
import { columnList, obfuscated, quoteString } from "../names.ts";

export const STATUS_FUNCTION = "KC_Status";

/** By whole seconds: two readings of one file a moment apart are alike. */
const LAG_NOW = "LagSeconds = LagSeconds + max_of(0.0, floor((now() - WrittenAt) / 1s, 1.0))";

/**
 * The function that shows the status file of the lake in the destination (`kusto/management/create-alter-function.md`,
 * `kusto/query/externaldata-operator.md`). A function's body can be read by others, so only an address without secrets is
 * taken: `;impersonate` or `;managed_identity=…` (`kusto/api/connection-strings/storage-connection-strings.md`), or
 * plain http to this machine. The body isn't validated on creation: the file may come later.
 *
 * The lag goes on while nobody writes the file: it is that of the moment when the file was written, which is the latest in
 * it, and what has passed since.
 */
export function createOrAlterStatusFunction({ statusUrl }: { readonly statusUrl: string }): string {
  requireNoSecret(statusUrl);
  const properties = [
    `docstring=${quoteString("The state of each copy into this database.")}`,
    `folder=${quoteString("Kusto Copy")}`,
    "skipvalidation=true",
  ];
  const file = `externaldata (${columnList(STATUS_COLUMNS)}) [${obfuscated(statusUrl)}] with (format='csv', ignoreFirstRecord=true)`;
  // `extend` would put the column last (`kusto/query/extend-operator.md`).
  const columns = STATUS_COLUMNS.map(({ name }) => (name === "LagSeconds" ? LAG_NOW : name)).join(", ");
  const body = `let Written = materialize(${file}); let WrittenAt = toscalar(Written | summarize max(UpdatedAt)); Written | project ${columns}`;
  return `.create-or-alter function with (${properties.join(", ")}) ${STATUS_FUNCTION}() { ${body} }`;
}

function requireNoSecret(statusUrl: string): void {
  const [address = "", ...credentials] = statusUrl.split(";");
  const url = new URL(address);
  const local = url.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (local) return;
  const credential = credentials.join(";");
  const byIdentity =
    credential === "impersonate" || /^managed_identity=(system|[0-9a-f-]{36})$/i.test(credential);
  if (url.search !== "" || !byIdentity) {
    throw new Error(
      "The address of the status file must end in ;impersonate or ;managed_identity=…, since anybody may read a function's body.",
    );
  }
}
