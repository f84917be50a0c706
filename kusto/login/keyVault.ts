import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import { Retryable, Terminal } from "../../model/errors.ts";
import { isKeyVaultReference, SETTING_NAMES } from "../../model/settings.ts";
import { tokenCredential } from "../credentials.ts";
import { vaultEnding } from "./clouds.ts";

const API_VERSION = "7.4";
const answerSchema = z.object({ value: z.string() });

export interface VaultOptions {
  /** The identity to ask with; the process's own if left out. */
  readonly credential?: TokenCredential;
  /** Answers in the vault's place, for who has no vault. */
  readonly fetch?: typeof fetch;
}

/**
 * The settings that are references to secrets in Key Vault, with the secrets in their place
 * (`app-service/app-service-key-vault-references.md`). A deployed app's are resolved by the platform; this is for the
 * command line. Throws Terminal or Retryable that names the setting.
 */
export async function resolveKeyVaultReferences(
  environment: Readonly<Record<string, string | undefined>>,
  options: VaultOptions = {},
): Promise<Record<string, string>> {
  const references = SETTING_NAMES.flatMap((name) => {
    const value = environment[name];
    return value !== undefined && isKeyVaultReference(value) ? [{ name, value }] : [];
  });
  const resolved = await Promise.all(
    references.map(async ({ name, value }) => [name, await readSecret(name, value, options)] as const),
  );
  return Object.fromEntries(resolved);
}

async function readSecret(setting: string, reference: string, options: VaultOptions): Promise<string> {
  const url = secretUrl(setting, reference);
  const ending = vaultEnding(url.hostname) ?? "";
  const credential = options.credential ?? tokenCredential({ kind: "default" }, url.hostname);
  const token = await credential.getToken(`https://${ending.slice(1)}/.default`);
  if (token === null) throw refused(setting, "no identity is there to ask Key Vault with");
  url.searchParams.set("api-version", API_VERSION);
  const ask = options.fetch ?? fetch;
  let answer: Response;
  try {
    // A redirect would take the token to wherever it points.
    answer = await ask(url, { headers: { authorization: `Bearer ${token.token}` }, redirect: "error" });
  } catch (error) {
    throw new Retryable(`${setting}: Key Vault ${url.hostname} doesn't answer`, {}, { cause: error });
  }
  if (answer.status === 429 || answer.status >= 500)
    throw new Retryable(`${setting}: Key Vault ${url.hostname} answered ${answer.status}`);
  if (!answer.ok) throw refused(setting, `Key Vault ${url.hostname} answered ${answer.status}`);
  const read = answerSchema.safeParse(await answer.json().catch(() => undefined));
  if (!read.success) throw refused(setting, `Key Vault ${url.hostname} answered no secret`);
  return read.data.value;
}

/** The secret's address, of both documented forms. Only hosts of Key Vault pass, as a token goes there. */
function secretUrl(setting: string, reference: string): URL {
  const inner = /^\s*@Microsoft\.KeyVault\((.*)\)\s*$/is.exec(reference)?.[1] ?? "";
  const parts = new Map(
    inner.split(";").flatMap((part) => {
      const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/s.exec(part) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
    }),
  );
  const vault = parts.get("vaultname");
  const version = parts.get("secretversion");
  const text =
    parts.get("secreturi") ??
    (vault === undefined
      ? ""
      : `https://${vault}.vault.azure.net/secrets/${parts.get("secretname") ?? ""}${version ? `/${version}` : ""}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecret =
    url?.protocol === "https:" &&
    url.username === "" &&
    url.port === "" &&
    vaultEnding(url.hostname) !== undefined &&
    /^\/secrets\/[A-Za-z0-9-]+(\/[A-Za-z0-9]+)?\/?$/.test(url.pathname);
  if (!url || !isSecret) throw refused(setting, "its Key Vault reference names no secret of a vault");
  return new URL(url.pathname.replace(/\/$/, ""), url.origin);
}

function refused(setting: string, what: string): Terminal {
  return new Terminal(
    `${setting}: ${what}`,
    {},
    {
      advice:
        "Write it as @Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>), and give your identity the role Key Vault Secrets User.",
    },
  );
}
