import { datetimeTicks } from "../datetimeText.ts";
import { timespanTicks } from "../timespanText.ts";
import { define } from "./define.ts";
import { formatDatetime, formatTimespan } from "./timeFormats.ts";

export const timeFunctions = [
  define("kusto_datetime", ["text"], "long", (text) => datetimeTicks(text) ?? null),
  define("kusto_timespan", ["text"], "long", (text) => timespanTicks(text) ?? null),
  define("kusto_format_datetime", ["long", "text"], "text", formatDatetime),
  define("kusto_format_timespan", ["long", "text"], "text", formatTimespan),
];
