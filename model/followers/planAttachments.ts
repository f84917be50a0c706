import type { Attachment, AttachRequest, Sharing } from "./attachment.ts";
import { ALL_DATABASES, attachedName } from "./attachment.ts";
import { parseClusterResource, sameResource } from "./clusterResource.ts";

/** A cluster as far as attaching looks at it. */
export interface ClusterFacts {
  readonly id: string;
  readonly location: string;
  readonly state: string;
  readonly streamingIngestion: boolean;
  /** Encrypted with a customer-managed key. */
  readonly customerKey: boolean;
  readonly databases: readonly {
    readonly name: string;
    readonly follows: boolean;
    /** The configuration that a followed database came by. */
    readonly configuration?: string;
  }[];
  /** What it follows itself. */
  readonly attachments: readonly (Attachment & { readonly provisioningState?: string })[];
}

export interface PlannedAttachment {
  readonly action: "create" | "change" | "keep";
  readonly attachment: Attachment;
}

export interface AttachmentPlan {
  readonly planned: readonly PlannedAttachment[];
  /** Why nothing can be sent: each names the limit and what to do. */
  readonly refused: readonly string[];
  /** What works otherwise than one may expect. */
  readonly warnings: readonly string[];
}

/**
 * What attaching as asked would change: configurations that are there already are kept, or changed where they differ, so
 * that asking again does nothing. All limits of `follower.md` that both clusters show are checked before anything is sent.
 */
export function planAttachments(
  request: AttachRequest,
  leader: ClusterFacts,
  follower: ClusterFacts,
): AttachmentPlan {
  const refused = [...clusterLimits(leader, follower)];
  const warnings = [...clusterWarnings(leader, follower)];
  const planned: PlannedAttachment[] = [];
  for (const database of request.databases) {
    const attachment = wantedAttachment(request, follower, database);
    const before = sameDatabase(follower, attachment);
    refused.push(...databaseLimits(leader, follower, attachment));
    warnings.push(...shadowed(leader, follower, attachment));
    planned.push({
      action: before === undefined ? "create" : isSame(before, attachment) ? "keep" : "change",
      attachment,
    });
  }
  return { planned, refused, warnings };
}

function wantedAttachment(request: AttachRequest, follower: ClusterFacts, database: string): Attachment {
  const wanted: Attachment = {
    name: configurationName(request.leader, database),
    database,
    leader: request.leader,
    principals: request.principals,
    ...(request.nameOverride === undefined ? {} : { nameOverride: request.nameOverride }),
    ...(request.namePrefix === undefined ? {} : { namePrefix: request.namePrefix }),
    ...(request.sharing === undefined ? {} : { sharing: request.sharing }),
  };
  return { ...wanted, name: sameDatabase(follower, wanted)?.name ?? wanted.name };
}

/** The configuration that attaches this database of this leader already. */
function sameDatabase(
  follower: ClusterFacts,
  { leader, database }: Attachment,
): ClusterFacts["attachments"][number] | undefined {
  return follower.attachments.find(
    (each) => sameResource(each.leader, leader) && each.database.toLowerCase() === database.toLowerCase(),
  );
}

/**
 * A name for a new configuration: the leader's and the database's in the letters that a resource name takes, and a number
 * made of the database's name where some were left out.
 */
export function configurationName(leader: string, database: string): string {
  const of = database === ALL_DATABASES ? "all" : database;
  const plain = of.replace(/[^A-Za-z0-9-]+/g, "-");
  const mark = plain === of ? "" : `-${checksum(of)}`;
  return `${parseClusterResource(leader).name}-${plain}${mark}`.slice(0, 200);
}

function checksum(text: string): string {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_679_616;
  return sum.toString(36);
}

function* clusterLimits(leader: ClusterFacts, follower: ClusterFacts): Generator<string> {
  const [from, to] = [plainLocation(leader.location), plainLocation(follower.location)];
  if (from !== to)
    yield `The leader ${leader.id} is in ${leader.location} and the follower ${follower.id} in ${follower.location}: a follower has to be in its leader's region. Copy the database instead (kusto-copy --source … --destination …), which works between regions.`;
  for (const cluster of [leader, follower])
    if (!/^running$/i.test(cluster.state))
      yield `Cluster ${cluster.id} is ${cluster.state}. Start it, and attach again.`;
  if (leader.customerKey && leader.attachments.length > 0)
    yield `The leader ${leader.id} is encrypted with a customer-managed key and follows other clusters itself: such a chain can't be attached. Detach what the leader follows, or copy instead.`;
  if (
    follower.customerKey &&
    follower.databases.some((each) => each.follows) &&
    leader.attachments.length > 0
  )
    yield `The follower ${follower.id} is encrypted with a customer-managed key, and the leader ${leader.id} follows other clusters itself: such a chain can't be attached. Copy instead.`;
}

function* clusterWarnings(leader: ClusterFacts, follower: ClusterFacts): Generator<string> {
  if (leader.streamingIngestion && !follower.streamingIngestion)
    yield `Streaming ingestion is on at the leader and off at the follower ${follower.id}: rows that are streamed in are not seen there until it is switched on (az kusto cluster update --enable-streaming-ingest true).`;
  if (leader.customerKey)
    yield `The leader ${leader.id} is encrypted with a customer-managed key: if its access to the key is revoked, the follower is suspended too.`;
}

function* databaseLimits(
  leader: ClusterFacts,
  follower: ClusterFacts,
  attachment: Attachment,
): Generator<string> {
  const others = follower.attachments.filter((each) => each.name !== attachment.name);
  if (attachment.database === ALL_DATABASES) {
    const single = others.filter((each) => sameResource(each.leader, attachment.leader));
    if (single.length > 0)
      yield `The follower has ${single.map((each) => each.database).join(", ")} of this leader attached by name: detach ${single.length === 1 ? "it" : "them"} before all databases are attached.`;
    return;
  }
  const all = others.find(
    (each) => sameResource(each.leader, attachment.leader) && each.database === ALL_DATABASES,
  );
  if (all) {
    yield `All databases of this leader are attached already, by configuration ${all.name}: detach it before ${attachment.database} is attached by name.`;
    return;
  }
  const there = leader.databases.find(
    (each) => each.name.toLowerCase() === attachment.database.toLowerCase(),
  );
  if (!there) {
    yield `The leader ${leader.id} has no database ${attachment.database}.`;
    return;
  }
  if (there.follows)
    yield `Database ${attachment.database} is itself attached to ${leader.id} from another cluster: attach it from its own leader.`;
  const name = attachedName(attachment, there.name);
  const own = follower.databases.find(
    (each) => !each.follows && each.name.toLowerCase() === name.toLowerCase(),
  );
  if (own)
    yield `The follower has a database ${own.name} of its own, which would win over the leader's: give a name override or prefix, or rename or drop the follower's.`;
  const clash = others.find(
    (each) =>
      each.database !== ALL_DATABASES &&
      attachedName(each, each.database).toLowerCase() === name.toLowerCase(),
  );
  if (clash)
    yield `The follower has a database ${name} of another leader (${clash.leader}) attached already: give a name override or prefix.`;
  else if (isFollowedBy(follower, name, attachment))
    yield `The follower has a database ${name} attached already, with all databases of another leader: give a name override or prefix.`;
}

/** Whether the follower has a database of this name by another configuration. */
function isFollowedBy({ databases }: ClusterFacts, name: string, { name: own }: Attachment): boolean {
  return databases.some(
    (each) =>
      each.follows &&
      each.name.toLowerCase() === name.toLowerCase() &&
      each.configuration !== undefined &&
      each.configuration.toLowerCase() !== own.toLowerCase(),
  );
}

/** Of all databases of a leader, those whose names the follower has itself are not attached (`follower.md`). */
function* shadowed(leader: ClusterFacts, follower: ClusterFacts, attachment: Attachment): Generator<string> {
  if (attachment.database !== ALL_DATABASES) return;
  const own = new Set(
    follower.databases.filter((each) => !each.follows).map((each) => each.name.toLowerCase()),
  );
  const hidden = leader.databases.filter((each) =>
    own.has(attachedName(attachment, each.name).toLowerCase()),
  );
  if (hidden.length > 0)
    yield `The follower has databases of these names of its own, which win over the leader's: ${hidden.map((each) => each.name).join(", ")}. Give a prefix to see the leader's.`;
  const double = leader.databases.filter((each) =>
    isFollowedBy(follower, attachedName(attachment, each.name), attachment),
  );
  if (double.length > 0)
    yield `The follower has databases of these names of another leader, and Azure chooses which one is attached: ${double.map((each) => each.name).join(", ")}. Give a prefix to have both.`;
}

/** One that failed is sent again, though it says what is wanted. */
function isSame(before: Attachment & { readonly provisioningState?: string }, wanted: Attachment): boolean {
  return (
    !/^(failed|canceled)$/i.test(before.provisioningState ?? "") &&
    before.principals === wanted.principals &&
    (before.nameOverride ?? "") === (wanted.nameOverride ?? "") &&
    (before.namePrefix ?? "") === (wanted.namePrefix ?? "") &&
    sharingText(before.sharing) === sharingText(wanted.sharing)
  );
}

/** Two sharings that list the same, in whatever order, have the same text; an empty list is none. */
function sharingText(sharing: Sharing | undefined): string {
  const lists = Object.entries(sharing ?? {}).flatMap(([key, names]) =>
    names === undefined || names.length === 0 ? [] : [`${key} ${JSON.stringify(names.toSorted())}`],
  );
  return lists.toSorted().join("\n");
}

/** `East US` and `eastus` are one region. */
function plainLocation(location: string): string {
  return location.toLowerCase().replace(/\s+/g, "");
}
