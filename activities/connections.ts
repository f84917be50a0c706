import { splitOutsideQuotes } from "../kusto/connectionProperties.ts";
import { type KustoConnection, parseKustoConnection } from "../kusto/connectionString.ts";
import { requirePerson } from "../kusto/login/interactive.ts";
import {
  carriesLogin,
  type LakeLocation,
  lakeUrl,
  looksLikeLake,
  parseLake,
  parseLakes,
} from "../lake/location.ts";
import { Terminal } from "../model/errors.ts";
import { type RawSettings, splitConnections } from "../model/settings.ts";

/** The clusters and lakes that the settings hold connection strings of, in the order in which they are looked up. */
export interface Connections {
  readonly source: readonly KustoConnection[];
  readonly destination: readonly KustoConnection[];
  readonly others: readonly KustoConnection[];
  readonly lakes: readonly LakeLocation[];
}

type ConnectionSettings = Pick<
  RawSettings,
  | "KUSTO_COPY_SOURCE"
  | "KUSTO_COPY_DESTINATION"
  | "KUSTO_COPY_LAKE"
  | "KUSTO_COPY_JOBS"
  | "KUSTO_COPY_CONNECTIONS"
>;

/** Reads every connection string of the settings. Throws Terminal that names the setting of the one that is wrong. */
export function readConnections(settings: ConnectionSettings): Connections {
  const clusters = (name: "KUSTO_COPY_SOURCE" | "KUSTO_COPY_DESTINATION") =>
    settings[name] === "" ? [] : [inSetting(name, () => parseKustoConnection(settings[name]))];
  const others: KustoConnection[] = [];
  const lakes: LakeLocation[] =
    settings.KUSTO_COPY_LAKE === ""
      ? []
      : inSetting("KUSTO_COPY_LAKE", () => parseLakes(settings.KUSTO_COPY_LAKE));
  const jobs = lakeOfJobs(settings.KUSTO_COPY_JOBS);
  if (jobs !== undefined) lakes.push(inSetting("KUSTO_COPY_JOBS", () => parseLake(jobs)));
  for (const [index, text] of splitConnections(settings.KUSTO_COPY_CONNECTIONS, splitLines).entries()) {
    inSetting(`KUSTO_COPY_CONNECTIONS, string ${index + 1}`, () => {
      if (looksLikeLake(text)) lakes.push(parseLake(text));
      else others.push(parseKustoConnection(text));
    });
  }
  const read = {
    source: clusters("KUSTO_COPY_SOURCE"),
    destination: clusters("KUSTO_COPY_DESTINATION"),
    others,
    lakes,
  };
  const prompts = [...read.source, ...read.destination, ...others, ...lakes].some(
    ({ login }) => login.kind === "prompt",
  );
  if (prompts) requirePerson();
  return read;
}

/**
 * The connection to a cluster that is named by its address: the one whose string carries a login, in the end of the
 * copy that it is for before the others; the process's own identity where no setting knows it.
 */
export function connectionTo(
  cluster: string,
  end: "source" | "destination",
  known: Connections,
): KustoConnection {
  const wanted = parseKustoConnection(cluster);
  const other = end === "source" ? known.destination : known.source;
  const candidates = [...known[end], ...known.others, ...other].filter(
    (each) => each.cluster === wanted.cluster,
  );
  return candidates.find(({ login }) => login.kind !== "default") ?? candidates[0] ?? wanted;
}

/**
 * A lake folder that is named by its URL, with the login and the clusters' access that the settings hold for its
 * account. A SAS may be for one container only; everything else is for the account.
 */
export function lakeWithLogin(url: string, known: Connections): LakeLocation {
  const wanted = parseLake(url);
  const candidates = known.lakes
    .filter((each) => each.blobEndpoint === wanted.blobEndpoint)
    .filter((each) => each.login.kind !== "sas" || each.container === wanted.container)
    .toSorted((a, b) => nearness(b, wanted) - nearness(a, wanted));
  const login = candidates.find(carriesLogin)?.login ?? wanted.login;
  const access = wanted.access ?? candidates.find((each) => each.access !== undefined)?.access;
  return { ...wanted, login, ...(access === undefined ? {} : { access }) };
}

function nearness(each: LakeLocation, wanted: LakeLocation): number {
  if (lakeUrl(each) === lakeUrl(wanted)) return 2;
  return each.container === wanted.container ? 1 : 0;
}

/** The lake's string where that is what `KUSTO_COPY_JOBS` holds; the setting may name a file beside the app instead. */
export function lakeOfJobs(setting: string | undefined): string | undefined {
  return setting !== undefined && looksLikeLake(setting) ? setting : undefined;
}

/** Lines of a text; the ends of lines in a quoted certificate end no string. */
function splitLines(text: string): string[] {
  return splitOutsideQuotes(text, /[\r\n]+/);
}

function inSetting<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Terminal)) throw error;
    throw new Terminal(`${name}: ${error.reason}`, {}, { advice: error.advice });
  }
}
