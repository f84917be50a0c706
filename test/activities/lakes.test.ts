import { expect, it } from "vitest";
import { refuseAccess } from "../../activities/lakes.ts";
import { jobOfSettings, readSettings } from "../../model/settings.ts";

const CLUSTER = "https://a.kusto.windows.net";
const FABRIC = "https://trd-a.z1.kusto.fabric.microsoft.com";
const LAKE = "https://account.blob.core.windows.net/c/f";
const ONELAKE = "https://onelake.blob.fabric.microsoft.com/Space/L.Lakehouse/Files";

function job(ends: { lake: string; destination?: string; access?: string; ingestion?: "queued" | "direct" }) {
  const read = readSettings({ KUSTO_COPY_DATABASE: "Db" });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { lake, destination = CLUSTER, access, ingestion = "queued" } = ends;
  const made = jobOfSettings(read.settings, { source: CLUSTER, destination, lake }, new Date());
  return { ...made, ingestion, lakeAccess: access === undefined ? {} : { [lake]: access } };
}

it.each([
  ["impersonation by queued ingestion", { lake: LAKE, access: "impersonate" }, /Queued ingestion can't read/],
  ["a SAS of OneLake", { lake: ONELAKE }, /OneLake takes no SAS/],
  [
    "a managed identity of an Eventhouse",
    { lake: LAKE, destination: FABRIC, access: "managed_identity=system" },
    /by a managed identity: an Eventhouse has none/,
  ],
] as const)("%s is refused before anything starts", (_, ends, reason) => {
  expect(() => refuseAccess(job(ends))).toThrow(reason);
});

it.each([
  { lake: LAKE },
  { lake: LAKE, destination: FABRIC },
  { lake: LAKE, access: "managed_identity=system" },
  { lake: ONELAKE, access: "impersonate", ingestion: "direct" },
] as const)("%j can be reached", (ends) => expect(() => refuseAccess(job(ends))).not.toThrow());
