import { semanticError } from "../../kustoError.ts";
import { convert, ticksOfTimestamp, timestampOf } from "../conversions.ts";
import {
  MAX_DATETIME_TICKS,
  TICKS_PER_DAY,
  TICKS_PER_HOUR,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
} from "../datetimeText.ts";
import { ticksLiteral } from "../literals.ts";
import { arithmetic } from "../operatorsBinary.ts";
import { type Scalar, scalar } from "../sql.ts";
import { formatDatetime, formatTimespan } from "../udf/timeFormats.ts";
import { type Call, constantText, type ScalarFunction } from "./call.ts";

const long = (sql: string): Scalar => scalar(sql, "long");

/** A moment, or null where it falls out of the calendar. */
function moment(ticks: string): Scalar {
  return scalar(
    `CASE WHEN ${ticks} BETWEEN 0 AND ${MAX_DATETIME_TICKS} THEN (${ticks})::BIGINT END`,
    "datetime",
  );
}

const field =
  (name: string): ScalarFunction =>
  (call) =>
    long(`${name}(${timestampOf(call.arg(0, "datetime").sql)})`);

const weekday = (ticks: string) => `((${ticks} // ${TICKS_PER_DAY} + 1) % 7)`;

/** Start of the period that is `offset` periods away (`query/startofday-function.md` and its kin). */
function startOf(unit: string, ticks: string, offset: string): string {
  switch (unit) {
    case "day":
      return `((${ticks} // ${TICKS_PER_DAY} + ${offset}) * ${TICKS_PER_DAY})`;
    case "week":
      return `((${ticks} // ${TICKS_PER_DAY} - ${weekday(ticks)} + 7 * ${offset}) * ${TICKS_PER_DAY})`;
    default:
      return ticksOfTimestamp(
        `(date_trunc('${unit}', ${timestampOf(ticks)}) + to_${unit}s((${offset})::INTEGER))`,
      );
  }
}

const start =
  (unit: string): ScalarFunction =>
  (call) => {
    const ticks = call.hoist(call.arg(0, "datetime")).sql;
    return moment(startOf(unit, ticks, call.nodes.length > 1 ? call.arg(1, "long").sql : "0"));
  };

const end =
  (unit: string): ScalarFunction =>
  (call) => {
    const ticks = call.hoist(call.arg(0, "datetime")).sql;
    const offset = call.nodes.length > 1 ? call.arg(1, "long").sql : "0";
    return moment(`(${startOf(unit, ticks, `(${offset} + 1)`)} - 1)`);
  };

const UNIT_TICKS: Readonly<Record<string, bigint>> = {
  week: 7n * TICKS_PER_DAY,
  day: TICKS_PER_DAY,
  hour: TICKS_PER_HOUR,
  minute: TICKS_PER_MINUTE,
  second: TICKS_PER_SECOND,
  millisecond: 10_000n,
  microsecond: 10n,
};

const MONTHS: Readonly<Record<string, number>> = { year: 12, quarter: 3, month: 1 };

/** `datetime_add()` (`query/datetime-add-function.md`). */
function datetimeAdd(call: Call): Scalar {
  const unit = constantText(call, 0).toLowerCase();
  const amount = call.arg(1, "long").sql;
  const ticks = call.hoist(call.arg(2, "datetime")).sql;
  const months = MONTHS[unit];
  if (months !== undefined) {
    const moved = ticksOfTimestamp(`(${timestampOf(ticks)} + to_months((${amount} * ${months})::INTEGER))`);
    return moment(`(${moved} + ${ticks} % 10)`);
  }
  if (unit === "nanosecond") return moment(`(${ticks} + ${amount} // 100)`);
  const size = UNIT_TICKS[unit];
  if (size === undefined) throw semanticError(`datetime_add(): '${unit}' is no period`);
  return moment(`(${ticks}::HUGEINT + ${amount}::HUGEINT * ${size})`);
}

/** `datetime_diff()` counts the boundaries between two moments (`query/datetime-diff-function.md`). */
function datetimeDiff(call: Call): Scalar {
  const unit = constantText(call, 0).toLowerCase();
  const [a, b] = [call.hoist(call.arg(1, "datetime")).sql, call.hoist(call.arg(2, "datetime")).sql];
  const count = (ticks: string): string => {
    const time = timestampOf(ticks);
    switch (unit) {
      case "year":
        return `year(${time})`;
      case "quarter":
        return `(year(${time}) * 4 + quarter(${time}))`;
      case "month":
        return `(year(${time}) * 12 + month(${time}))`;
      case "week":
        return `((${ticks} + ${TICKS_PER_DAY}) // ${7n * TICKS_PER_DAY})`;
      case "nanosecond":
        return `(${ticks} * 100)`;
      default: {
        const size = UNIT_TICKS[unit];
        if (size === undefined) throw semanticError(`datetime_diff(): '${unit}' is no period`);
        return `(${ticks} // ${size})`;
      }
    }
  };
  if (unit === "nanosecond") return long(`((${a} - ${b}) * 100)`);
  return long(`(${count(a)} - ${count(b)})`);
}

/** `datetime_part()` (`query/datetime-part-function.md`). */
function datetimePart(call: Call): Scalar {
  const unit = constantText(call, 0).toLowerCase();
  const ticks = call.hoist(call.arg(1, "datetime")).sql;
  const time = timestampOf(ticks);
  const names: Readonly<Record<string, string>> = {
    year: `year(${time})`,
    quarter: `quarter(${time})`,
    month: `month(${time})`,
    week_of_year: `weekofyear(${time})`,
    day: `day(${time})`,
    dayofyear: `dayofyear(${time})`,
    hour: `hour(${time})`,
    minute: `minute(${time})`,
    second: `second(${time})`,
    millisecond: `(${ticks} % ${TICKS_PER_SECOND} // 10000)`,
    microsecond: `(${ticks} % ${TICKS_PER_SECOND} // 10)`,
    nanosecond: `(${ticks} % ${TICKS_PER_SECOND} * 100)`,
  };
  const sql = names[unit];
  if (sql === undefined) throw semanticError(`datetime_part(): '${unit}' is no part of a datetime`);
  return long(sql);
}

const UNIX = "621355968000000000";

const unixTime =
  (ticksPerUnit: number): ScalarFunction =>
  (call) => {
    const value = call.arg(0);
    if (value.type === "int" || value.type === "long") {
      return moment(`(${UNIX} + ${value.sql}::HUGEINT * ${ticksPerUnit})`);
    }
    return moment(
      `TRY_CAST(${UNIX}::HUGEINT + trunc(${convert(value, "real").sql} * ${ticksPerUnit})::HUGEINT AS BIGINT)`,
    );
  };

/** `make_datetime(year, month, day[, hour, minute[, second]])`; null for a date that isn't. */
function makeDatetime(call: Call): Scalar {
  const n = call.nodes.length;
  if (n === 1) return convert(call.arg(0), "datetime");
  const part = (i: number) => (i < n ? call.arg(i, "long").sql : "0::BIGINT");
  const second = n > 5 ? call.hoist(call.arg(5, "real")).sql : "0.0::DOUBLE";
  const minute = ticksOfTimestamp(
    `TRY(make_timestamp(${part(0)}, ${part(1)}, ${part(2)}, ${part(3)}, ${part(4)}, 0.0))`,
  );
  const ticks = `(${minute} + round(${second} * 10000000)::BIGINT)`;
  return scalar(
    `CASE WHEN ${second} >= 0 AND ${second} < 60 AND ${part(0)} BETWEEN 1 AND 9999 THEN ${ticks} END`,
    "datetime",
  );
}

function makeTimespan(call: Call): Scalar {
  const withDays = call.nodes.length > 3;
  const at = (i: number) => call.arg(withDays ? i + 1 : i, "long").sql;
  const days = withDays ? call.arg(0, "long").sql : "0::BIGINT";
  const secondIndex = withDays ? 3 : 2;
  const seconds =
    call.nodes.length > secondIndex ? call.hoist(call.arg(secondIndex, "real")).sql : "0.0::DOUBLE";
  const ticks = `(${days} * ${TICKS_PER_DAY} + ${at(0)} * ${TICKS_PER_HOUR} + ${at(1)} * ${TICKS_PER_MINUTE} + round(${seconds} * 10000000)::BIGINT)`;
  return scalar(
    `CASE WHEN ${at(0)} BETWEEN 0 AND 23 AND ${at(1)} BETWEEN 0 AND 59 AND ${seconds} >= 0 AND ${seconds} < 60 THEN ${ticks} END`,
    "timespan",
  );
}

const now = (call: Call): Scalar => ticksLiteral(call.env.catalog.now, "datetime");

/** A constant format is checked before any row is read. */
const formatted =
  (type: "datetime" | "timespan"): ScalarFunction =>
  (call) => {
    const format = call.arg(1, "string");
    const apply = type === "datetime" ? formatDatetime : formatTimespan;
    if (format.literal !== undefined && apply(0n, format.literal) === null) {
      throw semanticError(`format_${type}(): the format '${format.literal}' is not supported`);
    }
    return scalar(`COALESCE(kusto_format_${type}(${call.arg(0, type).sql}, ${format.sql}), '')`, "string");
  };

export const timeScalars: Readonly<Record<string, ScalarFunction>> = {
  now: (call) =>
    call.nodes.length === 0 ? now(call) : arithmetic(now(call), call.arg(0, "timespan"), "+", call.hoist),
  ago: (call) => arithmetic(now(call), call.arg(0, "timespan"), "-", call.hoist),
  startofday: start("day"),
  startofweek: start("week"),
  startofmonth: start("month"),
  startofyear: start("year"),
  endofday: end("day"),
  endofweek: end("week"),
  endofmonth: end("month"),
  endofyear: end("year"),
  dayofweek: (call) => {
    const ticks = call.hoist(call.arg(0, "datetime")).sql;
    return scalar(`(${weekday(ticks)} * ${TICKS_PER_DAY})`, "timespan");
  },
  dayofmonth: field("day"),
  dayofyear: field("dayofyear"),
  monthofyear: field("month"),
  getmonth: field("month"),
  getyear: field("year"),
  hourofday: field("hour"),
  week_of_year: field("weekofyear"),
  weekofyear: field("weekofyear"),
  datetime_add: datetimeAdd,
  datetime_diff: datetimeDiff,
  datetime_part: datetimePart,
  make_datetime: makeDatetime,
  make_timespan: makeTimespan,
  format_datetime: formatted("datetime"),
  format_timespan: formatted("timespan"),
  unixtime_seconds_todatetime: unixTime(10_000_000),
  unixtime_milliseconds_todatetime: unixTime(10_000),
  unixtime_microseconds_todatetime: unixTime(10),
  unixtime_nanoseconds_todatetime: (call) => moment(`(${UNIX} + ${call.arg(0, "long").sql} // 100)`),
};
