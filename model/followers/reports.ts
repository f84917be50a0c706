import { z } from "zod";
import { clusterIdSchema, principalsKindSchema, sharingSchema } from "./attachment.ts";
import { detachedSchema } from "./detach.ts";
import { overrideStateSchema } from "./overrides.ts";
import { sharingReportSchema } from "./verification.ts";

/* What attaching, detaching and overriding answer, and what is listed. */

const outcomeSchema = z
  .enum(["done", "planned", "refused", "failed"])
  .describe("`refused`: nothing was sent; `failed`: a part of it failed, the rest is done");

const refusedSchema = z.array(z.string()).describe("Every reason why nothing was sent, each with what to do");
const warningsSchema = z.array(z.string()).describe("What works otherwise than one may expect");

export const attachReportSchema = z
  .strictObject({
    operation: z.literal("attach"),
    outcome: outcomeSchema,
    follower: z.string(),
    leader: z.string(),
    refused: refusedSchema,
    warnings: warningsSchema,
    databases: z.array(
      z.strictObject({
        database: z.string(),
        configuration: z.string(),
        action: z.enum(["create", "change", "keep"]),
        error: z.string().nullable(),
      }),
    ),
    sharing: sharingReportSchema.nullable().describe("As both sides show it afterwards"),
  })
  .meta({ id: "AttachReport" });
export type AttachReport = z.infer<typeof attachReportSchema>;

export const detachReportSchema = z
  .strictObject({
    operation: z.literal("detach"),
    outcome: outcomeSchema,
    refused: refusedSchema,
    detached: z.array(z.strictObject({ ...detachedSchema.shape, error: z.string().nullable() })),
  })
  .meta({ id: "DetachReport" });
export type DetachReport = z.infer<typeof detachReportSchema>;

export const overrideReportSchema = z
  .strictObject({
    operation: z.literal("override"),
    outcome: outcomeSchema,
    follower: z.string(),
    database: z.string(),
    changes: z.array(z.string()).describe("What is sent, in words; empty where all is as asked"),
    warnings: warningsSchema,
    before: overrideStateSchema,
    after: overrideStateSchema.describe("As the follower shows them afterwards; of a plan, as they would be"),
    errors: z.array(z.string()),
  })
  .meta({ id: "OverrideReport" });
export type OverrideReport = z.infer<typeof overrideReportSchema>;

export const verifyReportSchema = z
  .strictObject({ operation: z.literal("verify"), outcome: outcomeSchema, sharing: sharingReportSchema })
  .meta({ id: "VerifySharingReport" });
export type VerifyReport = z.infer<typeof verifyReportSchema>;

export const followerReportSchema = z.discriminatedUnion("operation", [
  attachReportSchema,
  detachReportSchema,
  overrideReportSchema,
  verifyReportSchema,
]);
export type FollowerReport = z.infer<typeof followerReportSchema>;

/** What to verify: all that a follower has attached, or some of it. */
export const verifyRequestSchema = z
  .strictObject({
    follower: clusterIdSchema,
    leader: clusterIdSchema.optional(),
    databases: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Names at the follower; all without them"),
  })
  .meta({ id: "VerifySharingRequest", description: "Which databases to look for" });
export type VerifyRequest = z.infer<typeof verifyRequestSchema>;

const attachmentSchema = z.strictObject({
  name: z.string(),
  database: z.string().describe("At the leader; `*` for all"),
  leader: z.string(),
  principals: principalsKindSchema,
  nameOverride: z.string().optional(),
  namePrefix: z.string().optional(),
  sharing: sharingSchema.optional(),
  attached: z.array(z.string()),
  provisioningState: z.string(),
});

export const followedListSchema = z
  .strictObject({
    follower: z.strictObject({
      id: z.string(),
      location: z.string(),
      state: z.string(),
      uri: z.string(),
      streamingIngestion: z.boolean(),
    }),
    attachments: z.array(
      attachmentSchema.extend({
        databases: z.array(
          z.strictObject({
            name: z.string().describe("At the follower"),
            overrides: overrideStateSchema.nullable(),
            error: z.string().nullable().describe("Why the overrides can't be read"),
          }),
        ),
      }),
    ),
  })
  .meta({ id: "Followed", description: "What a cluster follows" });
export type FollowedList = z.infer<typeof followedListSchema>;

export const followersListSchema = z
  .strictObject({
    leader: z.string(),
    followers: z.array(
      z.strictObject({
        follower: z.string().describe("Resource id; of a Fabric item, what Fabric gives in its place"),
        isCluster: z.boolean(),
        configuration: z.string(),
        database: z.string().describe("At the leader; `*` for all"),
        origin: z.string().nullable(),
        settings: attachmentSchema.nullable().describe("As the follower has it; null where it can't be read"),
        error: z.string().nullable().describe("Why the settings can't be read"),
      }),
    ),
  })
  .meta({ id: "Followers", description: "Who follows a cluster" });
export type FollowersList = z.infer<typeof followersListSchema>;
