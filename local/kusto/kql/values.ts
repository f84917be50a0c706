/** Conversions between the texts of Kusto values and the physical forms of catalog.ts, shared by all of local/kusto. */
export { datetimeText, datetimeTicks, MAX_DATETIME_TICKS, UNIX_EPOCH_TICKS } from "./datetimeText.ts";
export { canonicalDecimal, decimalText, parseDecimal } from "./decimal.ts";
export { guidText } from "./guidText.ts";
export { canonicalJson, dynamicOfText, type Json, parseJson, printJson, textOfDynamic } from "./json.ts";
export { realText, realValue } from "./realText.ts";
export { timespanText, timespanTicks } from "./timespanText.ts";
