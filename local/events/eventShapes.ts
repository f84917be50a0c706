import { z } from "zod";

const time = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text)),
    "must be a time as in RFC 3339",
  );
const filled = z.string().min(1);

/** An event in the Event Grid schema (`event-grid/event-schema.md`). */
export const eventGridEvent = z.object({
  id: filled,
  subject: filled,
  eventType: filled,
  eventTime: time,
  topic: z.string().optional(),
  data: z.unknown(),
  dataVersion: z.string().optional(),
  metadataVersion: z.literal(["", "1"]).optional(),
});

const attributes = new Set([
  "id",
  "source",
  "specversion",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "data",
  "data_base64",
]);

/** An event in the CloudEvents 1.0 JSON format (`event-grid/cloud-event-schema.md`). */
export const cloudEvent = z
  .looseObject({
    id: filled,
    source: filled,
    specversion: z.literal("1.0"),
    type: filled,
    time: time.nullish(),
    subject: z.string().nullish(),
    datacontenttype: z.string().nullish(),
    dataschema: z.string().nullish(),
    data: z.unknown(),
    data_base64: z.base64().nullish(),
  })
  .refine(
    (event) => event.data === undefined || event.data_base64 == null,
    "data and data_base64 exclude each other",
  )
  .refine(
    (event) => Object.keys(event).every((name) => attributes.has(name) || /^[a-z0-9]+$/.test(name)),
    "names of extension attributes are lower-case letters and digits",
  );

export type EventSchema = "EventGrid" | "CloudEvent";

/** What a content type promises of the body, or undefined for one that a topic doesn't take. */
export function schemaOf(contentType: string): { schema: EventSchema; batch: boolean } | undefined {
  switch (contentType.split(";")[0]?.trim().toLowerCase()) {
    case "application/json":
      return { schema: "EventGrid", batch: true };
    case "application/cloudevents-batch+json":
      return { schema: "CloudEvent", batch: true };
    case "application/cloudevents+json":
      return { schema: "CloudEvent", batch: false };
    default:
      return undefined;
  }
}

/** The events of a body, or why it isn't one. */
export function readEvents(
  body: unknown,
  schema: EventSchema,
  batch: boolean,
): { events: unknown[] } | { problem: string } {
  const list = batch ? body : [body];
  if (!Array.isArray(list)) return { problem: "The body must be an array of events." };
  if (list.length === 0) return { problem: "The array of events is empty." };
  const shape = schema === "EventGrid" ? eventGridEvent : cloudEvent;
  for (const [index, event] of list.entries()) {
    const parsed = shape.safeParse(event);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(
        (issue) => `${issue.path.join(".") || "event"}: ${issue.message}`,
      );
      return { problem: `Event ${index} doesn't have the ${schema} schema. ${issues.join("; ")}` };
    }
  }
  return { events: list };
}
