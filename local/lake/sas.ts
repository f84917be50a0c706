import { authenticationFailed, LakeError, notImplemented } from "./lakeError.ts";
import { hmac, sameSignature } from "./sharedKey.ts";

/** What is asked of a resource, in the letters of a SAS; any one of `anyOf` suffices. */
export interface Need {
  readonly anyOf: string;
  /** `s` service, `c` filesystem, `o` path: which resource types an account SAS must allow. */
  readonly resourceType: "s" | "c" | "o";
}

export interface SasTarget {
  readonly filesystem: string;
  readonly path: string;
}

const oldest = "2018-11-09";

function canonicalResource(sas: URLSearchParams, account: string, target: SasTarget): string {
  const root = `/blob/${account}/${target.filesystem}`;
  switch (sas.get("sr")) {
    case "c":
      return root;
    case "b":
      return `${root}/${target.path}`;
    case "d": {
      const depth = Number(sas.get("sdd"));
      const segments = target.path === "" ? [] : target.path.split("/");
      if (!Number.isInteger(depth) || depth < 0 || depth > segments.length) {
        throw authenticationFailed("The directory depth (sdd) of the signature does not fit the path.");
      }
      return [root, ...segments.slice(0, depth)].join("/");
    }
    default:
      throw notImplemented(`A shared access signature for the resource '${sas.get("sr") ?? ""}'`);
  }
}

/**
 * Checks a shared access signature made with the account's key, for an account or for a filesystem, directory or
 * path (`rest/api/storageservices/create-service-sas`, `create-account-sas`): signature, times, protocol, permission.
 */
export function checkSas(
  sas: URLSearchParams,
  account: string,
  key: string,
  target: SasTarget,
  need: Need,
  now: Date,
): void {
  const get = (name: string) => sas.get(name) ?? "";
  const version = get("sv");
  if (version < oldest)
    throw notImplemented(`A shared access signature of version '${version}' (before ${oldest})`);
  if (sas.has("skoid")) throw notImplemented("A user delegation signature");
  if (sas.has("si")) throw notImplemented("A shared access signature with a stored access policy");
  if (sas.has("sip")) throw notImplemented("A shared access signature bound to an address");
  const scoped = version >= "2020-12-06";
  const isAccount = sas.has("ss");
  const text = isAccount
    ? [
        account,
        get("sp"),
        get("ss"),
        get("srt"),
        get("st"),
        get("se"),
        "",
        get("spr"),
        version,
        ...(scoped ? [get("ses")] : []),
        "",
      ]
    : [
        get("sp"),
        get("st"),
        get("se"),
        canonicalResource(sas, account, target),
        "",
        "",
        get("spr"),
        version,
        get("sr"),
        "",
        ...(scoped ? [get("ses")] : []),
        get("rscc"),
        get("rscd"),
        get("rsce"),
        get("rscl"),
        get("rsct"),
      ];
  if (!sameSignature(get("sig"), hmac(text.join("\n"), key)))
    throw authenticationFailed("Signature did not match.");
  if (get("se") === "" || new Date(get("se")) <= now)
    throw authenticationFailed("The signature has expired.");
  if (get("st") !== "" && new Date(get("st")) > now)
    throw authenticationFailed("The signature is not valid yet.");
  if (get("spr") === "https") {
    throw new LakeError(
      403,
      "AuthorizationProtocolMismatch",
      "This request is not authorized to perform this operation using this protocol.",
    );
  }
  if (isAccount && (!get("ss").includes("b") || !get("srt").includes(need.resourceType))) {
    throw new LakeError(
      403,
      "AuthorizationResourceTypeMismatch",
      "This request is not authorized to perform this operation using this resource type.",
    );
  }
  if (!isAccount && (need.resourceType === "s" || (need.resourceType === "c" && need.anyOf !== "l"))) {
    throw new LakeError(
      403,
      "AuthorizationFailure",
      "This request is not authorized to perform this operation: it needs an account signature.",
    );
  }
  if (![...need.anyOf].some((letter) => get("sp").includes(letter))) {
    throw new LakeError(
      403,
      "AuthorizationPermissionMismatch",
      "This request is not authorized to perform this operation using this permission.",
    );
  }
}
