import { redact } from "./redact.ts";

/** Where an error happened, as far as it is known. It becomes part of the message. */
export interface ErrorContext {
  readonly cluster?: string | undefined;
  readonly database?: string | undefined;
  readonly table?: string | undefined;
  readonly window?: string | undefined;
  readonly operation?: string | undefined;
}

/** What an error may carry beside its message. */
export interface ErrorDetails {
  /** What to do next, as an instruction to the person who reads it. */
  readonly advice?: string | undefined;
  readonly cause?: unknown;
}

const CONTEXT_KEYS = ["cluster", "database", "table", "window", "operation"] as const;

function withContext(message: string, context: ErrorContext): string {
  const parts = CONTEXT_KEYS.flatMap((key) => {
    const value = context[key];
    return value === undefined || value === "" ? [] : [`${key} ${value}`];
  });
  return parts.length === 0 ? message : `${message} (${parts.join(", ")})`;
}

/**
 * A failure that may pass when the same thing is tried again later: throttling, a transient fault, a lost
 * connection, a storage 5xx (`@permanent: false` in `kusto/api/rest/response-v2.md`).
 */
export class Retryable extends Error {
  readonly kind = "retryable";
  readonly reason: string;
  readonly context: ErrorContext;
  readonly advice?: string;

  constructor(reason: string, context: ErrorContext = {}, details: ErrorDetails = {}) {
    super(withContext(reason, context), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Retryable";
    this.reason = reason;
    this.context = context;
    if (details.advice !== undefined) this.advice = details.advice;
  }
}

/**
 * A failure that stays until somebody changes something: bad input, no permission, something that is gone
 * (`@permanent: true` in `kusto/api/rest/response-v2.md`).
 */
export class Terminal extends Error {
  readonly kind = "terminal";
  readonly reason: string;
  readonly context: ErrorContext;
  readonly advice?: string;

  constructor(reason: string, context: ErrorContext = {}, details: ErrorDetails = {}) {
    super(withContext(reason, context), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Terminal";
    this.reason = reason;
    this.context = context;
    if (details.advice !== undefined) this.advice = details.advice;
  }
}

/**
 * The login at a cluster was refused. It is no window's or table's fault, and none is given up for it: the run ends, and the
 * next one goes on from the log once the login is well.
 */
export class LoginRefused extends Terminal {}

/** Whether a failure stays, and is a single table's or window's: that one is parked, and the others go on. */
export function isOfOneTable(error: unknown): error is Terminal {
  return error instanceof Terminal && !(error instanceof LoginRefused);
}

/**
 * Whether trying again may help. An error that is neither of the two kinds is a defect or something unforeseen,
 * and is not tried again.
 */
export function isRetryable(error: unknown): error is Retryable {
  return error instanceof Retryable;
}

/** The same error with more of its context; what was known nearer to the failure wins. */
export function withMoreContext(error: unknown, context: ErrorContext): unknown {
  if (!(error instanceof Retryable) && !(error instanceof Terminal)) return error;
  const known = Object.fromEntries(Object.entries(error.context).filter(([, value]) => value !== undefined));
  return again(error, error.reason, { ...context, ...known });
}

/** The same error, telling first of the one that it followed, where nothing else tells of that. */
export function following(error: unknown, earlier: unknown): unknown {
  if (!(error instanceof Retryable) && !(error instanceof Terminal)) return error;
  return again(error, `${unstopped(describe(earlier))}. After that: ${error.reason}`, error.context);
}

/** An error of the same kind, with another reason or context. */
function again(error: Retryable | Terminal, reason: string, context: ErrorContext): Retryable | Terminal {
  const details = { advice: error.advice, cause: error.cause };
  if (error instanceof LoginRefused) return new LoginRefused(reason, context, details);
  return error instanceof Retryable
    ? new Retryable(reason, context, details)
    : new Terminal(reason, context, details);
}

/** One line for a user: what happened, where, and what to do next. No stack, and no credential. */
export function describe(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const advice = error instanceof Retryable || error instanceof Terminal ? error.advice : undefined;
  const line = advice === undefined ? message : `${unstopped(message)}. ${advice}`;
  return redact(line.replace(/\s*[\r\n\u2028\u2029]+\s*/gu, " ").trim());
}

/** A sentence without its full stop, as another one is to follow. */
export function unstopped(text: string): string {
  return text.replace(/[.\s]+$/u, "");
}
