import type { AccessToken, GetTokenOptions, TokenCredential } from "@azure/identity";

/** A token is asked for anew when less than this is left of it. */
const RENEW_MS = 5 * 60_000;

/**
 * A credential that keeps its tokens until shortly before they run out, and asks for one at a time. The Kusto client
 * asks for a token with each request, which a login by the Azure CLI would answer by a process of its own each time;
 * and two prompts at once would confuse anybody. What a service demands beyond a scope (claims, another tenant) is
 * passed through.
 */
export function keepingTokens(inner: TokenCredential, now: () => number = Date.now): TokenCredential {
  const kept = new Map<string, AccessToken>();
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const fresh = (key: string) => {
    const token = kept.get(key);
    return token !== undefined && token.expiresOnTimestamp - now() > RENEW_MS ? token : undefined;
  };
  return {
    getToken: async (scopes, options = {}) => {
      if (options.claims !== undefined || options.tenantId !== undefined)
        return inTurn(() => inner.getToken(scopes, options));
      const key = JSON.stringify([scopes, options.enableCae ?? false]);
      return (
        fresh(key) ??
        inTurn(async () => {
          const found = fresh(key) ?? (await inner.getToken(scopes, options));
          if (found) kept.set(key, found);
          return found;
        })
      );
    },
  };
}

/**
 * What the process has, and a prompt where it has nothing: the first of the two that gives a token is used from then
 * on. A login that is there and fails is told, and not talked over by a prompt.
 */
export function orByPrompt(silent: TokenCredential, prompt: () => TokenCredential): TokenCredential {
  let chosen: TokenCredential | undefined;
  return {
    getToken: async (scopes: string | string[], options?: GetTokenOptions) => {
      if (chosen) return chosen.getToken(scopes, options);
      try {
        const token = await silent.getToken(scopes, options);
        chosen = silent;
        return token;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        const asked = prompt();
        const token = await asked.getToken(scopes, options);
        chosen = asked;
        return token;
      }
    },
  };
}

/**
 * What `@azure/identity` throws where no identity is set up at all, rather than one that was refused: a chain tells it
 * by one error that holds those of its members.
 */
function isUnavailable(error: unknown): boolean {
  return (
    error instanceof Error &&
    ["CredentialUnavailableError", "AggregateAuthenticationError"].includes(error.name)
  );
}
