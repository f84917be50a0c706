/**
 * An error as Kusto answers it: HTTP status and the OneApi body
 * (`kusto/api/rest/response-http.md`; `@permanent` tells whether the same request may succeed later).
 */
export class KustoError extends Error {
  readonly status: number;
  readonly code: string;
  readonly permanent: boolean;
  readonly type: string;

  constructor(status: number, code: string, type: string, message: string, permanent: boolean) {
    super(message);
    this.name = "KustoError";
    this.status = status;
    this.code = code;
    this.type = type;
    this.permanent = permanent;
  }
}

export function syntaxError(message: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.SyntaxException",
    `Syntax error: ${message}`,
    true,
  );
}

export function semanticError(message: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.SemanticException",
    `Semantic error: ${message}`,
    true,
  );
}

export function notSupported(what: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    `${what} is not supported by the local Kusto.`,
    true,
  );
}

export function entityNotFound(kind: string, name: string): KustoError {
  return new KustoError(
    400,
    "BadRequest_EntityNotFound",
    "Kusto.DataNode.Exceptions.EntityNotFoundException",
    `Entity ID '${name}' of kind '${kind}' was not found.`,
    true,
  );
}

export function throttled(message: string): KustoError {
  return new KustoError(
    429,
    "Too many requests",
    "Kusto.DataNode.Exceptions.ControlCommandThrottledException",
    message,
    false,
  );
}
