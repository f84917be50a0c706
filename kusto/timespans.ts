/** A timespan as policies write it: `d.hh:mm:ss` or `hh:mm:ss` (`kusto/query/scalar-data-types/timespan.md`). */
export function formatTimespan(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new Error(`${ms} is not a span in milliseconds.`);
  const part = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const days = Math.floor(ms / 86_400_000);
  const fraction = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}0000`;
  const clock = `${part((ms / 3_600_000) % 24)}:${part((ms / 60_000) % 60)}:${part((ms / 1000) % 60)}${fraction}`;
  return days === 0 ? clock : `${days}.${clock}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** A timespan literal of whole milliseconds in the largest unit that holds it: `7d`, `36h` (`kusto/query/scalar-data-types/timespan.md`). */
export function timespanLiteral(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new Error(`${ms} is not a span in milliseconds.`);
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
