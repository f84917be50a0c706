import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A table of real data: its columns, and where each part of its rows comes from, oldest part first. */
export interface SampleTable {
  readonly name: string;
  /** Name and Kusto type. */
  readonly columns: readonly (readonly [string, string])[];
  /** DuckDB selects that yield the columns, in order, in their physical form (local/kusto/catalog.ts). */
  readonly parts: readonly string[];
}

const require = createRequire(import.meta.url);

/** A file of the npm package vega-datasets, as a DuckDB text literal. */
export function vegaFile(name: string): string {
  // Its own entry point lies in a folder beside the data.
  const folder = join(dirname(require.resolve("vega-datasets")), "..", "data");
  return `'${join(folder, name).replaceAll("'", "''")}'`;
}

const unixEpoch = "621355968000000000";
const ticksOfTimestamp = (expression: string) => `(epoch_us(${expression}) * 10 + ${unixEpoch})::BIGINT`;
const ticksOfMilliseconds = (expression: string) => `(${expression} * 10000 + ${unixEpoch})::BIGINT`;
const text = (expression: string) => `coalesce((${expression})::VARCHAR, '')`;

/** Splits the rows of a relation, whose number is known, into parts of equal size, in its own order. */
function inParts(count: number, rows: number, columns: string, from: string): string[] {
  return Array.from(
    { length: count },
    (_, part) =>
      `SELECT ${columns} FROM (SELECT *, row_number() OVER () AS "$row" FROM ${from}) ` +
      `WHERE ("$row" - 1) * ${count} // ${rows} = ${part}`,
  );
}

const airports: SampleTable = {
  name: "airports",
  columns: [
    ["iata", "string"],
    ["name", "string"],
    ["city", "string"],
    ["state", "string"],
    ["country", "string"],
    ["latitude", "real"],
    ["longitude", "real"],
  ],
  parts: inParts(
    3,
    3376,
    `${["iata", "name", "city", "state", "country"].map((name) => text(`"${name}"`)).join(", ")}, latitude::DOUBLE, longitude::DOUBLE`,
    `read_csv(${vegaFile("airports.csv")}, all_varchar = true)`,
  ),
};

const earthquakes: SampleTable = {
  name: "earthquakes",
  columns: [
    ["id", "string"],
    ["time", "datetime"],
    ["updated", "datetime"],
    ["magnitude", "real"],
    ["place", "string"],
    ["felt", "int"],
    ["tsunami", "bool"],
    ["properties", "dynamic"],
    ["geometry", "dynamic"],
  ],
  parts: inParts(
    6,
    1707,
    [
      text("f->>'id'"),
      ticksOfMilliseconds("(f->'properties'->>'time')::BIGINT"),
      ticksOfMilliseconds("(f->'properties'->>'updated')::BIGINT"),
      "(f->'properties'->>'mag')::DOUBLE",
      text("f->'properties'->>'place'"),
      "(f->'properties'->>'felt')::INTEGER",
      "(f->'properties'->>'tsunami')::INTEGER <> 0",
      "(f->'properties')::VARCHAR",
      "(f->'geometry')::VARCHAR",
    ].join(", "),
    `(SELECT unnest(features) AS f FROM read_json(${vegaFile("earthquakes.json")}, columns = {'features': 'JSON[]'}, maximum_object_size = 33554432))`,
  ),
};

/** As dirty as it came: titles that are numbers, dates in several spellings, gaps. */
const movies: SampleTable = {
  name: "movies",
  columns: [
    ["Title", "string"],
    ["US Gross", "long"],
    ["Worldwide Gross", "long"],
    ["US DVD Sales", "long"],
    ["Production Budget", "long"],
    ["Release Date", "string"],
    ["MPAA Rating", "string"],
    ["Running Time min", "int"],
    ["Distributor", "string"],
    ["Source", "string"],
    ["Major Genre", "string"],
    ["Creative Type", "string"],
    ["Director", "string"],
    ["Rotten Tomatoes Rating", "int"],
    ["IMDB Rating", "decimal"],
    ["IMDB Votes", "long"],
  ],
  parts: [],
};

const duckTypes: Readonly<Record<string, string>> = { long: "BIGINT", int: "INTEGER", decimal: "VARCHAR" };

function moviesParts(): string[] {
  const columns = movies.columns.map(([name, type]) => {
    const value = `movie->>'$."${name}"'`;
    return type === "string" ? text(value) : `(${value})::${duckTypes[type] ?? "VARCHAR"}`;
  });
  return inParts(
    4,
    3201,
    columns.join(", "),
    `read_json(${vegaFile("movies.json")}, records = false, format = 'array', columns = {'movie': 'JSON'})`,
  );
}

const seattleWeather: SampleTable = {
  name: "seattle-weather",
  columns: [
    ["date", "datetime"],
    ["precipitation", "real"],
    ["temp_max", "real"],
    ["temp_min", "real"],
    ["wind", "real"],
    ["weather", "string"],
  ],
  parts: inParts(
    4,
    1461,
    `${ticksOfTimestamp("date::TIMESTAMP")}, precipitation::DOUBLE, temp_max::DOUBLE, temp_min::DOUBLE, wind::DOUBLE, ${text("weather")}`,
    `read_csv(${vegaFile("seattle-weather.csv")}, all_varchar = true)`,
  ),
};

const flightColumns: SampleTable["columns"] = [
  ["date", "datetime"],
  ["delay", "int"],
  ["distance", "int"],
  ["origin", "string"],
  ["destination", "string"],
];

const flightSelect = (date: string) =>
  `${ticksOfTimestamp(date)}, delay::INTEGER, distance::INTEGER, ${text("origin")}, ${text("destination")}`;

const flights10k: SampleTable = {
  name: "flights-10k",
  columns: flightColumns,
  parts: inParts(
    10,
    10_000,
    flightSelect("strptime(date, '%Y/%m/%d %H:%M')"),
    `read_json(${vegaFile("flights-10k.json")}, columns = {'date': 'VARCHAR', 'delay': 'INTEGER', 'distance': 'INTEGER', 'origin': 'VARCHAR', 'destination': 'VARCHAR'})`,
  ),
};

/** The small sample tables that `npm run local` starts with. */
export const sampleTables: readonly SampleTable[] = [
  airports,
  earthquakes,
  { ...movies, parts: moviesParts() },
  seattleWeather,
  flights10k,
];

const allFlights = 3_000_000;

/** Three million flights, in as many parts as asked for. */
export function flights3m(parts: number): SampleTable {
  const size = Math.ceil(allFlights / parts);
  return {
    name: "flights-3m",
    columns: flightColumns,
    parts: Array.from(
      { length: parts },
      (_, part) =>
        `SELECT ${flightSelect("date")} FROM read_parquet(${vegaFile("flights-3m.parquet")}, file_row_number = true) ` +
        `WHERE file_row_number >= ${part * size} AND file_row_number < ${(part + 1) * size}`,
    ),
  };
}
