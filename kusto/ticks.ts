export * from "../model/ticks.ts";
