import { z } from "zod";
import { type Arm, clusterOf, type Handler, nameAt, ok, startOperation } from "./arm.ts";
import { notFound, readBody } from "./armError.ts";
import { clusterId } from "./clusters.ts";
import { command } from "./kustoSide.ts";
import type { ArmRequest } from "./request.ts";
import { type Assignment, sameName } from "./state.ts";

const databaseRoles = {
  Admin: "admins",
  Ingestor: "ingestors",
  Monitor: "monitors",
  User: "users",
  UnrestrictedViewer: "unrestrictedviewers",
  Viewer: "viewers",
} as const;

const principal = {
  principalId: z.string().min(1),
  principalType: z.enum(["App", "Group", "User"]),
  tenantId: z.string().optional(),
};
const databaseRole = z.enum(["Admin", "Ingestor", "Monitor", "User", "UnrestrictedViewer", "Viewer"]);
const onDatabase = z.object({ properties: z.object({ ...principal, role: databaseRole }) });
const onCluster = z.object({
  properties: z.object({
    ...principal,
    role: z.enum(["AllDatabasesAdmin", "AllDatabasesViewer", "AllDatabasesMonitor"]),
  }),
});

interface Place {
  readonly cluster: string;
  readonly database: string | undefined;
}

function placeOf(arm: Arm, request: ArmRequest): Place {
  const cluster = clusterOf(arm, request).name;
  return {
    cluster,
    database: request.route.startsWith("clusters/*/databases/") ? nameAt(request, 1) : undefined,
  };
}

function isAt(place: Place, one: Assignment): boolean {
  return (
    sameName(one.cluster, place.cluster) &&
    sameName(one.database ?? "", place.database ?? "") &&
    (one.database === undefined) === (place.database === undefined)
  );
}

/** An assignment (`rest/api/azurerekusto/database-principal-assignments/get`, `cluster-principal-assignments/get`). */
function assignmentResource(request: ArmRequest, { name, cluster, database, properties }: Assignment) {
  const parent = database === undefined ? "" : `/Databases/${database}`;
  return {
    id: `${clusterId(request.scope, cluster)}${parent}/PrincipalAssignments/${name}`,
    name: [cluster, ...(database === undefined ? [] : [database]), name].join("/"),
    type: `Microsoft.Kusto/Clusters/${database === undefined ? "" : "Databases/"}PrincipalAssignments`,
    properties: {
      ...properties,
      principalName: properties.principalId,
      aadObjectId: properties.principalId,
      provisioningState: "Succeeded",
    },
  };
}

/** Gives or takes a role at the local Kusto; roles on all databases are kept and shown here only. */
async function tellKusto(
  arm: Arm,
  request: ArmRequest,
  verb: "add" | "drop",
  one: Assignment,
): Promise<void> {
  if (one.database === undefined) return;
  const { principalId, principalType, tenantId } = one.properties;
  const role = databaseRole.parse(one.properties.role);
  const kind = { App: "aadapp", Group: "aadgroup", User: "aaduser" }[principalType];
  const fqn = `${kind}=${principalId}${tenantId === undefined ? "" : `;${tenantId}`}`;
  const text = (value: string) => value.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  await command(
    arm.state.cluster(one.cluster, request.scope),
    one.database,
    `.${verb} database ['${text(one.database)}'] ${databaseRoles[role]} ('${text(fqn)}')`,
  );
}

function find(arm: Arm, request: ArmRequest): Assignment | undefined {
  const place = placeOf(arm, request);
  const name = request.names.at(-1) ?? "";
  return arm.state.assignments().find((one) => isAt(place, one) && sameName(one.name, name));
}

const list: Handler = (arm, request) => {
  const place = placeOf(arm, request);
  const own = arm.state.assignments().filter((one) => isAt(place, one));
  return ok({ value: own.map((one) => assignmentResource(request, one)) });
};

const get: Handler = (arm, request) => {
  const found = find(arm, request);
  if (found !== undefined) return ok(assignmentResource(request, found));
  throw notFound(`Microsoft.Kusto/${request.route}: ${request.names.join("/")}`, request.scope.resourceGroup);
};

const put: Handler = (arm, request) => {
  const { cluster, database } = placeOf(arm, request);
  const { properties } =
    database === undefined ? readBody(onCluster, request.body) : readBody(onDatabase, request.body);
  const name = request.names.at(-1) ?? "";
  const { tenantId, ...rest } = properties;
  const before = find(arm, request);
  const assignment: Assignment = {
    name: before?.name ?? name,
    cluster,
    ...(database === undefined ? {} : { database }),
    properties: { ...rest, ...(tenantId === undefined ? {} : { tenantId }) },
  };
  const headers = startOperation(arm, {
    request,
    path: assignmentResource(request, assignment).id,
    location: clusterOf(arm, request).location,
    kind: "PrincipalAssignmentCreate",
    work: async () => {
      if (before !== undefined) await tellKusto(arm, request, "drop", before);
      await tellKusto(arm, request, "add", assignment);
      arm.state.setAssignments([...arm.state.assignments().filter((one) => one !== before), assignment]);
    },
  });
  return {
    status: before === undefined ? 201 : 200,
    body: assignmentResource(request, assignment),
    headers,
  };
};

const remove: Handler = (arm, request) => {
  const found = find(arm, request);
  if (found === undefined) return { status: 204 };
  const headers = startOperation(arm, {
    request,
    path: assignmentResource(request, found).id,
    location: clusterOf(arm, request).location,
    kind: "PrincipalAssignmentDelete",
    work: async () => {
      await tellKusto(arm, request, "drop", found);
      arm.state.setAssignments(arm.state.assignments().filter((one) => one !== found));
    },
  });
  return { status: 202, headers };
};

function under(parent: string): Record<string, Handler> {
  return {
    [`GET ${parent}/principalassignments`]: list,
    [`GET ${parent}/principalassignments/*`]: get,
    [`PUT ${parent}/principalassignments/*`]: put,
    [`DELETE ${parent}/principalassignments/*`]: remove,
  };
}

export const assignmentHandlers: Readonly<Record<string, Handler>> = {
  ...under("clusters/*"),
  ...under("clusters/*/databases/*"),
};
