import { formatDuration } from "../../model/durations.ts";

/** `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `12.3 MB`, in powers of a thousand. */
export function bytes(value: number): string {
  let rest = Math.max(0, value);
  let unit = 0;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${rest.toFixed(digits)} ${UNITS[unit]}`;
}

/** `45s`, `3m20s`, `2h5m`, `3d4h`: as precise as one wants to know it. */
export function seconds(value: number): string {
  const whole = Math.max(0, Math.round(value));
  const step = whole >= 86_400 ? 3600 : whole >= 3600 ? 60 : 1;
  return formatDuration(Math.round(whole / step) * step * 1000);
}

/** `1 table`, `2 tables`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
