import type { TokenCredential } from "@azure/identity";
import { describe, expect, it } from "vitest";
import { resolveKeyVaultReferences } from "../../../kusto/login/keyVault.ts";
import { describe as describeError, Retryable, Terminal } from "../../../model/errors.ts";

const SECRET = "https://a.blob.core.windows.net/c;AppKey=s3cr3t";

/** A vault that answers with a status and a body, and keeps what it was asked. */
function vault(status = 200, body: unknown = { value: SECRET }) {
  const asked: { url: string; authorization: string | null; redirect: string | undefined }[] = [];
  const scopes: string[] = [];
  const credential: TokenCredential = {
    getToken: async (scope) => {
      scopes.push(String(scope));
      return { token: "t0k3n", expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const answering: typeof fetch = async (input, init) => {
    asked.push({
      url: String(input),
      authorization: new Headers(init?.headers).get("authorization"),
      redirect: init?.redirect,
    });
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  };
  return { asked, scopes, options: { credential, fetch: answering } };
}

it.each([
  ["SecretUri=https://v.vault.azure.net/secrets/my-secret/", "https://v.vault.azure.net/secrets/my-secret"],
  ["SecretUri=https://v.vault.azure.net/secrets/s/abc123", "https://v.vault.azure.net/secrets/s/abc123"],
  ["VaultName=v; SecretName=s", "https://v.vault.azure.net/secrets/s"],
  ["vaultname=v;secretname=s;secretversion=1f", "https://v.vault.azure.net/secrets/s/1f"],
])("a setting that refers to %s gets the secret of that address", async (inner, url) => {
  const { asked, scopes, options } = vault();
  const environment = {
    KUSTO_COPY_LAKE: `@Microsoft.KeyVault(${inner})`,
    KUSTO_COPY_SOURCE: "https://x",
    OTHER: "y",
  };
  expect(await resolveKeyVaultReferences(environment, options)).toEqual({ KUSTO_COPY_LAKE: SECRET });
  expect(asked).toEqual([
    { url: `${url}?api-version=7.4`, authorization: "Bearer t0k3n", redirect: "error" },
  ]);
  expect(scopes).toEqual(["https://vault.azure.net/.default"]);
});

it("a vault of another cloud is asked with a token for it", async () => {
  const { scopes, options } = vault();
  const KUSTO_COPY_LAKE = "@Microsoft.KeyVault(SecretUri=https://v.vault.usgovcloudapi.net/secrets/s)";
  await resolveKeyVaultReferences({ KUSTO_COPY_LAKE }, options);
  expect(scopes).toEqual(["https://vault.usgovcloudapi.net/.default"]);
});

describe("no token goes to", () => {
  it.each([
    "SecretUri=https://v.vault.azure.net.evil.com/secrets/s",
    "SecretUri=https://evil.com/secrets/s",
    "SecretUri=http://v.vault.azure.net/secrets/s",
    "SecretUri=https://u:p@v.vault.azure.net/secrets/s",
    "SecretUri=https://v.vault.azure.net:8443/secrets/s",
    "SecretUri=https://v.vault.azure.net/keys/s",
    "VaultName=evil.com/;SecretName=s",
    "VaultName=v",
    "",
  ])("%j", async (inner) => {
    const { asked, scopes, options } = vault();
    const environment = { KUSTO_COPY_LAKE: `@Microsoft.KeyVault(${inner})` };
    await expect(resolveKeyVaultReferences(environment, options)).rejects.toThrow(/^KUSTO_COPY_LAKE: /);
    expect([...asked, ...scopes]).toEqual([]);
  });
});

it.each([
  [403, {}, Terminal],
  [404, {}, Terminal],
  [200, { other: 1 }, Terminal],
  [200, "no json s3cr3t", Terminal],
  [429, {}, Retryable],
  [503, {}, Retryable],
] as const)(
  "an answer %i %j is told by setting and vault, without any secret",
  async (status, body, kind) => {
    const { options } = vault(status, body);
    const environment = { KUSTO_COPY_SOURCE: "@Microsoft.KeyVault(VaultName=v;SecretName=s)" };
    const error: unknown = await resolveKeyVaultReferences(environment, options).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(kind);
    expect(describeError(error)).toMatch(/KUSTO_COPY_SOURCE.*v\.vault\.azure\.net/);
    expect(describeError(error)).not.toMatch(/s3cr3t|t0k3n/);
  },
);
