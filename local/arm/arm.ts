import type { Faults } from "./faults.ts";
import type { OperationStart, Operations, PollingHeaders } from "./operations.ts";
import type { ArmRequest } from "./request.ts";
import type { ArmState, Cluster } from "./state.ts";

/** What the operations on resources work with. */
export interface Arm {
  readonly state: ArmState;
  readonly operations: Operations;
  readonly faults: Faults;
  /** Tells a follower's Kusto its configurations as they stand, one telling after the other. */
  readonly tellFollower: (
    follower: Cluster,
  ) => Promise<readonly { configuration: string; message: string }[]>;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: PollingHeaders;
}

export type Handler = (arm: Arm, request: ArmRequest) => Promise<ArmAnswer> | ArmAnswer;

export function ok(body: unknown): ArmAnswer {
  return { status: 200, body };
}

/** The name at a place of the request's path: 0 is the cluster's. */
export function nameAt(request: ArmRequest, place: number): string {
  const name = request.names[place];
  if (name === undefined) throw new Error(`The route ${request.route} has no name at ${place}`);
  return name;
}

export function clusterOf(arm: Arm, request: ArmRequest): Cluster {
  return arm.state.cluster(nameAt(request, 0), request.scope);
}

/** Starts the operation of a request, with the faults that wait for it. */
export function startOperation(
  arm: Arm,
  start: Omit<OperationStart, "faults"> & { readonly path: string },
): PollingHeaders {
  const { path, ...rest } = start;
  return arm.operations.start({ ...rest, faults: arm.faults.forOperation(start.request.method, path) });
}
