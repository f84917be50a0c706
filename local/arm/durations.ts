const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const kusto = /^(?:(\d+)\.)?(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?$/;

/** `P1DT2H` as Kusto's `1.02:00:00`; undefined for what isn't a duration of days, hours, minutes and seconds. */
export function timespanOfDuration(text: string): string | undefined {
  const match = iso.exec(text);
  if (match === null || text === "P" || text.endsWith("T")) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  const two = (value: number) => String(value % 60).padStart(2, "0");
  const hour = String(Math.floor(total / 3600) % 24).padStart(2, "0");
  return `${Math.floor(total / 86_400)}.${hour}:${two(Math.floor(total / 60))}:${two(total)}`;
}

/** Kusto's `1.02:00:00` as `P1DT2H`; undefined for what isn't one. */
export function durationOfTimespan(text: string): string | undefined {
  const match = kusto.exec(text);
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const time = [
    ...(hours === 0 ? [] : [`${hours}H`]),
    ...(minutes === 0 ? [] : [`${minutes}M`]),
    ...(seconds === 0 ? [] : [`${seconds}S`]),
  ].join("");
  const day = days === 0 ? "" : `${days}D`;
  if (day === "" && time === "") return "PT0S";
  return `P${day}${time === "" ? "" : `T${time}`}`;
}
