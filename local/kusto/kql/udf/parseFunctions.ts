import { canonicalDecimal } from "../decimal.ts";
import { type Json, jsonString, printJson } from "../json.ts";
import { define } from "./define.ts";

function bag(members: Readonly<Record<string, string | Json>>): Json {
  return {
    kind: "object",
    entries: Object.entries(members).map(([name, value]) => [
      name,
      typeof value === "string" ? jsonString(value) : value,
    ]),
  };
}

const URL_PARTS =
  /^([A-Za-z][\w+.-]*):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^:/?#]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?(?:#(.*))?$/s;

function queryOf(text: string): Json {
  const pairs = text.split("&").filter((pair) => pair !== "");
  return bag(
    Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf("=");
        return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
  );
}

/** `parse_url()` (`query/parse-url-function.md`): of an absolute URL, or of the query part alone. */
function parseUrl(text: string): string {
  const found = URL_PARTS.exec(text);
  const part = (index: number): string => found?.[index] ?? "";
  const query = found === null ? (text.includes("=") ? text.replace(/^\?/, "") : "") : part(7);
  return printJson(
    bag({
      Scheme: part(1),
      Host: part(4),
      Port: part(5),
      Path: part(6),
      Username: part(2),
      Password: part(3),
      "Query Parameters": queryOf(query),
      Fragment: part(8),
    }),
  );
}

/** The fields of the first record (`query/parse-csv-function.md`). */
function parseCsv(text: string): string {
  const fields: string[] = [];
  const field = /"((?:[^"]|"")*)"[^,\r\n]*|([^,\r\n]*)/y;
  for (;;) {
    const match = field.exec(text);
    fields.push(match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? "");
    if (text[field.lastIndex] !== ",") break;
    field.lastIndex += 1;
  }
  return printJson({ kind: "array", items: fields.map(jsonString) });
}

/** `parse_path()` (`query/parse-path-function.md`). */
function parsePath(text: string): string {
  const scheme = /^([A-Za-z][\w+.-]+):\/\//.exec(text);
  const path = text.slice(scheme?.[0].length ?? 0);
  const root = /^[A-Za-z]:/.exec(path)?.[0] ?? "";
  const colon = path.indexOf(":", root.length);
  const file = colon < 0 ? path : path.slice(0, colon);
  const last = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
  const directory = last < 0 ? "" : file.slice(0, last);
  const name = file.slice(last + 1);
  return printJson(
    bag({
      Scheme: scheme?.[1] ?? "",
      RootPath: root,
      DirectoryPath: directory,
      DirectoryName: directory === root ? "" : (/[^/\\]*$/.exec(directory)?.[0] ?? ""),
      Filename: name,
      Extension: name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "",
      AlternateDataStreamName: colon < 0 ? "" : path.slice(colon + 1),
    }),
  );
}

/** Up to four parts of up to eight digits as one comparable number (`query/parse-version-function.md`). */
function parseVersion(text: string): string | null {
  if (!/^\d{1,8}(\.\d{1,8}){0,3}$/.test(text)) return null;
  const parts = text.split(".");
  const digits = [0, 1, 2, 3].map((index) => (parts[index] ?? "0").padStart(8, "0"));
  return canonicalDecimal(BigInt(digits.join("")).toString()) ?? null;
}

interface Network {
  readonly address: number;
  readonly prefix: number;
}

/** An IPv4 address, with a prefix or without (`includes/ip-prefix-notation.md`). */
function network(text: string): Network | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5] ?? 32);
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  return { address: octets.reduce((sum, octet) => sum * 256 + octet, 0), prefix };
}

function isIn(one: Network, other: Network): boolean {
  const size = 2 ** (32 - Math.min(one.prefix, other.prefix));
  return Math.floor(one.address / size) === Math.floor(other.address / size);
}

const PRIVATE: readonly Network[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap(
  (text) => network(text) ?? [],
);

/** Functions that take a text apart: URLs, paths, records, versions, IPv4 addresses. */
export const parseFunctions = [
  define("kusto_parse_url", ["text"], "text", parseUrl),
  define("kusto_parse_csv", ["text"], "text", parseCsv),
  define("kusto_parse_path", ["text"], "text", parsePath),
  define("kusto_parse_version", ["text"], "text", parseVersion),
  define("kusto_ipv4_is_in_range", ["text", "text"], "bool", (address, range) => {
    const [one, other] = [network(address), network(range)];
    return one === undefined || other === undefined ? null : isIn(one, other);
  }),
  define("kusto_ipv4_is_private", ["text"], "bool", (address) => {
    const one = network(address);
    return one === undefined ? null : PRIVATE.some((range) => one.prefix >= range.prefix && isIn(one, range));
  }),
];
