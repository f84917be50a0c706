/** How the clusters read and write the lake's files. */
export type ClusterAccess =
  | { readonly kind: "sas" }
  | { readonly kind: "impersonate" }
  | { readonly kind: "managedIdentity"; readonly id: string };

/**
 * `sas`, `impersonate` or `managed_identity=<system or object id>`, as settings and the ends of lake strings write it
 * (`kusto/api/connection-strings/storage-connection-strings.md`). Undefined for anything else.
 */
export function readClusterAccess(text: string): ClusterAccess | undefined {
  const value = text.trim();
  if (/^sas$/i.test(value)) return { kind: "sas" };
  if (/^impersonate$/i.test(value)) return { kind: "impersonate" };
  const id = /^managed_identity\s*=\s*([A-Za-z0-9-]+)$/i.exec(value)?.[1];
  return id === undefined ? undefined : { kind: "managedIdentity", id };
}

/** The text that `readClusterAccess` reads. No secret. */
export function clusterAccessText(access: ClusterAccess): string {
  return access.kind === "managedIdentity" ? `managed_identity=${access.id}` : access.kind;
}

/** How long a SAS given to a cluster lives: longer than any single export or queued ingestion may take. */
const SAS_MS = 24 * 3_600_000;
/** A SAS is made anew when less than this is left of it. */
const RENEW_MS = 8 * 3_600_000;
/** A SAS that was made so short a time ago is new, whoever asks for a new one: many windows fail together. */
const NEW_MS = 5000;
/** Clocks of the app and of storage may differ by some minutes. */
const CLOCKS_MS = 15 * 60_000;

/** Makes a SAS, without its question mark, that is good between two moments. */
export type MakeSas = (startsOn: Date, expiresOn: Date) => Promise<string>;

/** Which SAS is asked for: the one that is kept, or one that is made anew, as storage may have refused the one that was. */
export type WhichSas = "kept" | "new";

/**
 * Gives a SAS that is good for eight hours at least: the same until less than that is left of it, then another; or another
 * where it is asked to. Asked for by many at once it is made once; one that could not be made is tried again at the next request.
 */
export function sasKeeper(make: MakeSas, now: () => number): (which?: WhichSas) => Promise<string> {
  let kept: { sas: Promise<string>; madeAt: number } | undefined;
  return async (which = "kept") => {
    const at = now();
    const age = kept === undefined ? Number.POSITIVE_INFINITY : at - kept.madeAt;
    if (kept === undefined || age >= (which === "new" ? NEW_MS : SAS_MS - RENEW_MS)) {
      const sas = make(new Date(at - CLOCKS_MS), new Date(at + SAS_MS));
      const made = { sas, madeAt: at };
      kept = made;
      sas.catch(() => {
        if (kept === made) kept = undefined;
      });
    }
    return kept.sas;
  };
}
