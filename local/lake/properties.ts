import { folderMark } from "./directories.ts";
import { badRequest } from "./lakeError.ts";

/** Reads `x-ms-properties`: names with base64 values (`data-lake-storage-gen2/path/create`). */
export function readProperties(text: string | undefined): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const pair of (text ?? "").split(",").filter((part) => part.trim() !== "")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    if (equals <= 0 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw badRequest("InvalidPropertyName", `A property name cannot be empty, in '${pair}'.`);
    }
    properties[name] = Buffer.from(pair.slice(equals + 1), "base64").toString("utf8");
  }
  return properties;
}

export function writeProperties(metadata: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(metadata ?? {})
    .filter(([name]) => name.toLowerCase() !== folderMark)
    .map(([name, value]) => `${name}=${Buffer.from(value, "utf8").toString("base64")}`)
    .join(",");
}
