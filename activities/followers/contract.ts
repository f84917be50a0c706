import type { OperationState } from "../../followers/attachments.ts";
import type { Attachment, AttachRequest } from "../../model/followers/attachment.ts";
import type { DetachPlan, DetachRequest } from "../../model/followers/detach.ts";
import type { OverrideChange, OverrideRequest, OverrideState } from "../../model/followers/overrides.ts";
import type { AttachmentPlan } from "../../model/followers/planAttachments.ts";
import type { VerifyRequest } from "../../model/followers/reports.ts";

/* What orchestrators and activities of followers say to each other. None of it holds a secret. */

/** Milliseconds between two looks at what the resource manager or a cluster works on. */
interface Paced {
  readonly pollMs: number;
}

export type AttachInput = Paced & { readonly request: AttachRequest };
export type DetachInput = Paced & { readonly request: DetachRequest };
export type OverrideInput = Paced & { readonly request: OverrideRequest };
export type VerifyInput = Paced & { readonly request: VerifyRequest };

export interface PlannedAttach extends AttachmentPlan {
  /** Region of the follower, which its attachments are made in. */
  readonly location: string;
}

/** A change that the resource manager works on for a while. Safe to begin again. */
export type Work =
  | {
      readonly kind: "attach";
      readonly follower: string;
      readonly location: string;
      readonly attachment: Attachment;
    }
  | { readonly kind: "detach"; readonly follower: string; readonly configuration: string }
  | {
      readonly kind: "detachFollower";
      readonly leader: string;
      readonly follower: string;
      readonly configuration: string;
    };

/** A work that was begun, and what its operation is looked up by. */
export interface BegunWork {
  readonly work: Work;
  readonly operation: string;
}

export type { DetachPlan, OperationState };

/** Which databases to look at: those of some configurations, or by the names that they have at the follower. */
export interface VerifySharedInput {
  readonly follower: string;
  readonly leader?: string | undefined;
  readonly databases?: readonly string[] | undefined;
  readonly configurations?: readonly string[] | undefined;
}

export interface ReadOverridesInput {
  readonly follower: string;
  readonly database: string;
}

/** The overrides, and where the follower is asked. */
export interface FoundOverrides {
  readonly uri: string;
  /** The database's name in the spelling of the follower. */
  readonly database: string;
  readonly overrides: OverrideState;
}

export interface ApplyOverrideInput {
  readonly uri: string;
  readonly database: string;
  readonly change: OverrideChange;
}

/** Names under which the activities are registered, and shown in the portal. */
export const FOLLOWER_ACTIVITY = {
  planAttach: "planAttach",
  planDetach: "planDetach",
  beginWork: "beginFollowerWork",
  lookAtWorks: "lookAtFollowerWorks",
  verifyShared: "verifyShared",
  readOverrides: "readOverrides",
  applyOverride: "applyOverride",
} as const;
