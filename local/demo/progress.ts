import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { Copy } from "./api.ts";

export interface Progress {
  readonly show: (copy: Copy) => void;
  readonly stop: () => void;
}

/** Per table: windows, rows, rate, time left. Bars on a terminal, a plain line every few seconds elsewhere. */
export function startProgress(): Progress {
  return process.stdout.isTTY ? bars() : lines();
}

function bars(): Progress {
  const started = Date.now();
  const multi = new MultiBar(
    {
      format: "  {name} [{bar}] {value}/{total} windows  {rows} rows  {rate}  {left}",
      hideCursor: true,
      clearOnComplete: false,
      fps: 5,
      barsize: 24,
    },
    Presets.rect,
  );
  const known = new Map<string, SingleBar>();
  return {
    show: (copy) => {
      for (const table of copy.tables) {
        const bar = known.get(table.name) ?? multi.create(table.windows.total, 0, payload(table, started));
        known.set(table.name, bar);
        bar.setTotal(table.windows.total);
        bar.update(
          table.windows.promoted > 0 ? table.windows.promoted : table.windows.staged,
          payload(table, started),
        );
      }
    },
    stop: () => multi.stop(),
  };
}

function lines(): Progress {
  const started = Date.now();
  let last = 0;
  return {
    show: (copy) => {
      if (Date.now() - last < 3000 && copy.state === "running") return;
      last = Date.now();
      const windows = (key: "total" | "exported" | "staged" | "promoted") =>
        copy.tables.reduce((sum, table) => sum + table.windows[key], 0);
      const rows = copy.tables.reduce((sum, table) => sum + table.rows, 0);
      const seconds = (Date.now() - started) / 1000;
      const lead = `  ${seconds.toFixed(0).padStart(4)} s  `;
      if (windows("total") === 0) {
        process.stdout.write(`${lead}looking what there is to copy\n`);
        return;
      }
      process.stdout.write(
        `${lead}windows: ${windows("exported")} exported, ${windows("staged")} verified, ${windows("promoted")} shown of ${windows("total")}; ${count(rows)} rows, ${count(rows / Math.max(seconds, 0.001))}/s\n`,
      );
    },
    stop: () => undefined,
  };
}

function payload(table: Copy["tables"][number], started: number): Record<string, string> {
  const seconds = Math.max(0.001, (Date.now() - started) / 1000);
  const done = table.windows.staged;
  const left = done === 0 ? Number.NaN : (seconds / done) * (table.windows.total - done);
  return {
    name: table.name.slice(0, 18).padEnd(18),
    rows: count(table.rows).padStart(9),
    rate: `${count(table.rows / seconds)}/s`.padStart(10),
    left:
      table.windows.promoted === table.windows.total
        ? "done"
        : Number.isNaN(left)
          ? ""
          : `${left.toFixed(0)} s left`,
  };
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
