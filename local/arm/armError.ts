import type { z } from "zod";

/** An error as the resource manager answers it: `{"error": {"code", "message"}}`. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function badRequest(message: string): ArmError {
  return new ArmError(400, "BadRequest", `[BadRequest] ${message}`);
}

export function conflict(message: string): ArmError {
  return new ArmError(409, "Conflict", `[Conflict] ${message}`);
}

/** `what` is the resource's type and name, such as `Microsoft.Kusto/clusters/c`. */
export function notFound(what: string, resourceGroup: string): ArmError {
  return new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${what}' under resource group '${resourceGroup}' was not found.`,
  );
}

/** The body as the schema has it; what doesn't fit is named. */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const issues = read.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
  throw new ArmError(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: '${issues.join("; ")}'.`,
  );
}
