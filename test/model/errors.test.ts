import { expect, it } from "vitest";
import {
  describe as describeError,
  following,
  isRetryable,
  LoginRefused,
  Retryable,
  Terminal,
  withMoreContext,
} from "../../model/errors.ts";

it("an error says where it happened", () => {
  const error = new Retryable("Throttled", {
    cluster: "https://c",
    database: "D",
    table: "T",
    window: "w1",
    operation: "o1",
  });
  expect(error.message).toBe("Throttled (cluster https://c, database D, table T, window w1, operation o1)");
  expect(error).toBeInstanceOf(Error);
  expect(new Terminal("Gone").message).toBe("Gone");
});

it("only what may pass is tried again", () => {
  expect(isRetryable(new Retryable("x"))).toBe(true);
  expect(isRetryable(new Terminal("x"))).toBe(false);
  expect(isRetryable(new Error("x"))).toBe(false);
  expect(isRetryable("x")).toBe(false);
});

it("an error that followed another tells that one first, and stays what it is", () => {
  const refused = new Terminal("Refused.", { table: "T" });
  const after = following(new Retryable("Throttled", { database: "D" }, { advice: "Wait." }), refused);
  expect(isRetryable(after)).toBe(true);
  expect(describeError(after)).toBe("Refused. (table T). After that: Throttled (database D). Wait.");
  expect(following(new LoginRefused("Denied"), refused)).toBeInstanceOf(LoginRefused);
  const defect = new Error("x");
  expect(following(defect, refused)).toBe(defect);
});

it("a user reads one line with what to do next, and no stack", () => {
  const error = new Terminal(
    "Denied.\n  at somewhere",
    { database: "D" },
    { advice: "Give this identity a role." },
  );
  expect(describeError(error)).toBe("Denied. at somewhere (database D). Give this identity a role.");
  expect(describeError(new Error("plain"))).toBe("plain");
  expect(describeError(42)).toBe("42");
  expect(describeError(new Error("a\r\nb\u2028c"))).not.toMatch(/[\r\n\u2028]/);
});

it("context added on the way up keeps the kind, the advice and what was known before", () => {
  const inner = new Terminal("Denied", { database: "D", table: undefined }, { advice: "Ask." });
  const outer = withMoreContext(inner, { database: "other", table: "T", window: "w" });
  expect(outer).toBeInstanceOf(Terminal);
  expect(describeError(outer)).toBe("Denied (database D, table T, window w). Ask.");
  expect(withMoreContext(new Retryable("x"), { table: "T" })).toBeInstanceOf(Retryable);
  const plain = new Error("plain");
  expect(withMoreContext(plain, { table: "T" })).toBe(plain);
});
