import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { givenSharingSchema, modificationKind } from "../kusto/following/attachment.ts";
import { notFound } from "./armError.ts";
import type { Scope } from "./request.ts";

/** A local Kusto as the resource manager knows it. */
export interface LocalCluster {
  readonly name: string;
  readonly url: string;
  /** The region: `westus` where none is told. */
  readonly location?: string;
}

const scope = z.object({ subscription: z.string(), resourceGroup: z.string() });
const provisioningState = z.enum(["Creating", "Running", "Deleting", "Succeeded", "Failed", "Canceled"]);

const configurationProperties = z.object({
  databaseName: z.string(),
  clusterResourceId: z.string(),
  defaultPrincipalsModificationKind: modificationKind,
  databaseNameOverride: z.string().optional(),
  databaseNamePrefix: z.string().optional(),
  tableLevelSharingProperties: givenSharingSchema.optional(),
});
export type ConfigurationProperties = z.output<typeof configurationProperties>;

const configurationSchema = z.object({
  name: z.string(),
  follower: z.string(),
  scope,
  properties: configurationProperties,
  /** What the follower's Kusto has been told: undefined until an operation has attached something. */
  applied: configurationProperties.optional(),
  provisioningState,
});
export type Configuration = z.output<typeof configurationSchema>;

const assignmentSchema = z.object({
  name: z.string(),
  cluster: z.string(),
  database: z.string().optional(),
  properties: z.object({
    principalId: z.string(),
    principalType: z.enum(["App", "Group", "User"]),
    role: z.string(),
    tenantId: z.string().optional(),
  }),
});
export type Assignment = z.output<typeof assignmentSchema>;

/** A follower that isn't a cluster here, such as an item of Fabric: a leader lists it. */
export const foreignFollowerSchema = z.strictObject({
  leader: z.string(),
  clusterResourceId: z.string().min(1),
  attachedDatabaseConfigurationName: z.string().min(1),
  databaseName: z.string().min(1),
});
export type ForeignFollower = z.output<typeof foreignFollowerSchema>;

const clusterSettings = z.object({
  location: z.string(),
  tags: z.record(z.string(), z.string()),
  enableStreamingIngest: z.boolean(),
  deleted: z.boolean(),
});
export type ClusterSettings = z.output<typeof clusterSettings>;

const kept = z.object({
  configurations: z.array(configurationSchema),
  assignments: z.array(assignmentSchema),
  foreign: z.array(foreignFollowerSchema),
  clusters: z.record(z.string(), clusterSettings),
});

export interface Cluster extends ClusterSettings {
  readonly name: string;
  readonly url: string;
}

/** What the resource manager knows, kept in a file where a folder is given. */
export interface ArmState {
  readonly clusters: () => Cluster[];
  readonly findCluster: (name: string) => Cluster | undefined;
  readonly cluster: (name: string, scope: Scope) => Cluster;
  readonly changeCluster: (name: string, change: Partial<ClusterSettings>) => void;
  readonly configurations: () => readonly Configuration[];
  readonly configuration: (follower: string, name: string) => Configuration | undefined;
  readonly putConfiguration: (configuration: Configuration) => void;
  readonly removeConfiguration: (follower: string, name: string) => void;
  readonly assignments: () => readonly Assignment[];
  readonly setAssignments: (assignments: readonly Assignment[]) => void;
  readonly foreign: () => readonly ForeignFollower[];
  readonly setForeign: (followers: readonly ForeignFollower[]) => void;
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Names of regions differ by spaces and case only in how people write them. */
export function sameLocation(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll(" ", "").toLowerCase();
  return plain(a) === plain(b);
}

/** An operation ends with its process: what it had begun is as it was before. */
function settled(configuration: Configuration): Configuration {
  const { applied, provisioningState: was } = configuration;
  if (was === "Succeeded" || was === "Failed") return configuration;
  return applied === undefined
    ? { ...configuration, provisioningState: "Failed" }
    : { ...configuration, properties: applied, provisioningState: "Succeeded" };
}

export function createState(known: readonly LocalCluster[], folder: string | undefined): ArmState {
  const file = folder === undefined ? undefined : join(folder, "resources.json");
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const read =
    file !== undefined && existsSync(file) ? kept.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  let configurations: readonly Configuration[] = (read?.configurations ?? []).map(settled);
  let assignments: readonly Assignment[] = read?.assignments ?? [];
  let foreign: readonly ForeignFollower[] = read?.foreign ?? [];
  const settings = new Map(Object.entries(read?.clusters ?? {}));

  const save = () => {
    if (file === undefined) return;
    const all = { configurations, assignments, foreign, clusters: Object.fromEntries(settings) };
    writeFileSync(`${file}.new`, JSON.stringify(all, undefined, 2));
    renameSync(`${file}.new`, file);
  };
  const clusters = (): Cluster[] =>
    known
      .map(({ name, url, location = "westus" }) => ({
        name,
        url,
        ...(settings.get(name) ?? { location, tags: {}, enableStreamingIngest: false, deleted: false }),
      }))
      .filter(({ deleted }) => !deleted);
  const findCluster = (name: string) => clusters().find((one) => sameName(one.name, name));
  const isConfiguration = (follower: string, name: string) => (one: Configuration) =>
    sameName(one.follower, follower) && sameName(one.name, name);
  return {
    clusters,
    findCluster,
    cluster: (name, { resourceGroup }) => {
      const found = findCluster(name);
      if (found === undefined) throw notFound(`Microsoft.Kusto/clusters/${name}`, resourceGroup);
      return found;
    },
    changeCluster: (name, change) => {
      const found = findCluster(name);
      if (found === undefined) return;
      const { location, tags, enableStreamingIngest, deleted } = { ...found, ...change };
      settings.set(found.name, { location, tags, enableStreamingIngest, deleted });
      save();
    },
    configurations: () => configurations,
    configuration: (follower, name) => configurations.find(isConfiguration(follower, name)),
    putConfiguration: (configuration) => {
      const is = isConfiguration(configuration.follower, configuration.name);
      configurations = configurations.some(is)
        ? configurations.map((one) => (is(one) ? configuration : one))
        : [...configurations, configuration];
      save();
    },
    removeConfiguration: (follower, name) => {
      const is = isConfiguration(follower, name);
      configurations = configurations.filter((one) => !is(one));
      save();
    },
    assignments: () => assignments,
    setAssignments: (next) => {
      assignments = next;
      save();
    },
    foreign: () => foreign,
    setForeign: (next) => {
      foreign = next;
      save();
    },
  };
}
