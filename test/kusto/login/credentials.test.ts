import {
  AggregateAuthenticationError,
  AuthenticationError,
  CredentialUnavailableError,
  DeviceCodeCredential,
  InteractiveBrowserCredential,
  type TokenCredential,
} from "@azure/identity";
import { afterEach, describe, expect, it } from "vitest";
import { connectionBuilder } from "../../../kusto/connectionBuilder.ts";
import { parseKustoConnection } from "../../../kusto/connectionString.ts";
import { allowInteractive, tokenCredential } from "../../../kusto/credentials.ts";
import { hasBrowser, promptCredential } from "../../../kusto/login/interactive.ts";
import { keepingTokens, orByPrompt } from "../../../kusto/login/tokens.ts";
import { describe as describeError, Terminal } from "../../../model/errors.ts";

const CLUSTER = "https://help.kusto.windows.net";
afterEach(() => allowInteractive(undefined));

/** A credential that counts how often it was asked, and answers tokens of an hour. */
function counting(now: () => number): TokenCredential & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    getToken: async (scopes) => {
      asked.push(String(scopes));
      return { token: `t${asked.length}`, expiresOnTimestamp: now() + 3_600_000 };
    },
  };
}

const failing = (error: Error): TokenCredential => ({ getToken: () => Promise.reject(error) });
const SCOPE = "https://kusto.kusto.windows.net/.default";

describe("a login that needs a person", () => {
  it("is refused with the reason where nobody is there, without the user's name", () => {
    const connection = parseKustoConnection(`${CLUSTER};User ID=johndoe@contoso.com`);
    let error: unknown;
    try {
      connectionBuilder(connection);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Terminal);
    expect(describeError(error)).toMatch(/prompt.*nobody would answer.*managed identity/);
    expect(describeError(error)).not.toContain("johndoe");
  });

  it("opens a browser where there is one, and gives a device code elsewhere", () => {
    allowInteractive({ show: () => undefined, browser: true });
    expect(promptCredential({ user: "u" })).toBeInstanceOf(InteractiveBrowserCredential);
    allowInteractive({ show: () => undefined, browser: false });
    expect(promptCredential({ user: "u" })).toBeInstanceOf(DeviceCodeCredential);
    expect(() => connectionBuilder(parseKustoConnection(`${CLUSTER};UID=u`))).not.toThrow();
  });

  it.each([
    ["darwin", {}, true],
    ["win32", {}, true],
    ["linux", {}, false],
    ["linux", { DISPLAY: ":0" }, true],
    ["linux", { WAYLAND_DISPLAY: "wayland-0" }, true],
    ["darwin", { SSH_CONNECTION: "1.2.3.4 5 6.7.8.9 22" }, false],
  ] as const)("has a browser on %s with %j: %s", (platform, environment, expected) => {
    expect(hasBrowser(platform, environment)).toBe(expected);
  });
});

describe("with nothing given", () => {
  const unavailable = new AggregateAuthenticationError([new CredentialUnavailableError("none")], "none");

  it("a person is asked after the default chain, and from then on alone", async () => {
    let tried = 0;
    const silent: TokenCredential = {
      getToken: () => {
        tried++;
        return Promise.reject(unavailable);
      },
    };
    const prompt = counting(Date.now);
    const both = orByPrompt(silent, () => prompt);
    expect((await both.getToken(SCOPE))?.token).toBe("t1");
    expect((await both.getToken("other"))?.token).toBe("t2");
    expect(tried).toBe(1);
  });

  it("nobody is asked where the process has an identity", async () => {
    const both = orByPrompt(counting(Date.now), () => expect.unreachable());
    expect((await both.getToken(SCOPE))?.token).toBe("t1");
  });

  it("an identity that was refused is told, and nobody is asked", async () => {
    const refused = new AuthenticationError(401, { error: "invalid_client", error_description: "expired" });
    const both = orByPrompt(failing(refused), () => expect.unreachable());
    await expect(both.getToken(SCOPE)).rejects.toBe(refused);
  });
});

describe("tokens", () => {
  it("are kept until shortly before they run out, and asked for once by many at a time", async () => {
    let clock = Date.parse("2026-01-01T00:00:00Z");
    const inner = counting(() => clock);
    const credential = keepingTokens(inner, () => clock);
    const many = await Promise.all(Array.from({ length: 5 }, () => credential.getToken(SCOPE)));
    expect(new Set(many.map((token) => token?.token))).toEqual(new Set(["t1"]));
    clock += 54 * 60_000;
    expect((await credential.getToken(SCOPE))?.token).toBe("t1");
    clock += 2 * 60_000;
    expect((await credential.getToken(SCOPE))?.token).toBe("t2");
    await credential.getToken("https://storage.azure.com/.default");
    expect(inner.asked).toEqual([SCOPE, SCOPE, "https://storage.azure.com/.default"]);
  });

  it("that could not be had are asked for again", async () => {
    let fails = true;
    const credential = keepingTokens({
      getToken: async () => {
        if (fails) throw new Error("no network");
        return { token: "t", expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    });
    await expect(credential.getToken(SCOPE)).rejects.toThrow("no network");
    fails = false;
    expect((await credential.getToken(SCOPE))?.token).toBe("t");
  });

  it("with claims that a service demands are never answered from what is kept", async () => {
    const inner = counting(Date.now);
    const credential = keepingTokens(inner);
    await credential.getToken(SCOPE);
    await credential.getToken(SCOPE, { claims: "{}" });
    expect(inner.asked).toHaveLength(2);
  });
});

it("one credential serves every cluster and lake of one login in a cloud, and another cloud has its own", () => {
  const login = { kind: "applicationKey", clientId: "i", key: "k", tenantId: "t" } as const;
  const one = tokenCredential(login, "help.kusto.windows.net");
  expect(tokenCredential({ ...login }, "account.blob.core.windows.net")).toBe(one);
  expect(tokenCredential(login, "account.blob.core.usgovcloudapi.net")).not.toBe(one);
  expect(tokenCredential({ ...login, key: "other" }, "help.kusto.windows.net")).not.toBe(one);
});
