/**
 * Times as the Functions host writes them: UTC text with up to seven digits of a second, trailing zeros left
 * out. Histories carry them, and orchestrators compute with them, so one clock makes them all.
 */

const ticksPerMillisecond = 10_000n;

let lastTicks = 0n;
let source = systemTicks;

function systemTicks(): bigint {
  return BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1000)) * 10n;
}

/** Takes the time from elsewhere, so that a recording is the same each time; from the system again without a source. */
export function takeTimeFrom(ticks?: () => bigint): void {
  source = ticks ?? systemTicks;
  lastTicks = 0n;
}

/** The time now in 100 ns ticks since 1970, never the same twice, so that history keeps its order. */
export function nowTicks(): bigint {
  const ticks = source();
  lastTicks = ticks > lastTicks ? ticks : lastTicks + 1n;
  return lastTicks;
}

/** `2026-11-20T12:01:36.431078Z` for ticks since 1970. */
export function formatTicks(ticks: bigint): string {
  const milliseconds = ticks / ticksPerMillisecond;
  const whole = new Date(Number(milliseconds)).toISOString().slice(0, 19);
  const fraction = (ticks % 10_000_000n).toString().padStart(7, "0").replace(/0+$/, "");
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** Ticks since 1970 of an ISO text in UTC. */
export function parseTicks(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:Z|\+00:00)$/.exec(text);
  const seconds = match?.[1];
  if (match === null || seconds === undefined) {
    const milliseconds = Date.parse(text);
    if (Number.isNaN(milliseconds)) throw new Error(`"${text}" is not a time`);
    return BigInt(milliseconds) * ticksPerMillisecond;
  }
  const fraction = BigInt((match[2] ?? "").padEnd(7, "0"));
  return BigInt(Date.parse(`${seconds}Z`)) * ticksPerMillisecond + fraction;
}

export function nowText(): string {
  return formatTicks(nowTicks());
}

/** The time `milliseconds` after `text`. */
export function addMilliseconds(text: string, milliseconds: number): string {
  return formatTicks(parseTicks(text) + BigInt(Math.round(milliseconds * 10_000)));
}

export function millisecondsUntil(text: string): number {
  return Number(parseTicks(text) / ticksPerMillisecond) - Date.now();
}

/** Times of the management endpoints carry whole seconds. */
export function toWholeSeconds(text: string): string {
  return `${text.slice(0, 19)}Z`;
}
