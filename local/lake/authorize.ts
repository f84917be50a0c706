import type { LakeContext } from "./lakeContext.ts";
import { authenticationFailed, LakeError, notImplemented } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { checkSas, type Need } from "./sas.ts";
import { isSharedKeyAuthorization } from "./sharedKey.ts";

/** Whether the request may do what it asks, by the account's key or a signature made with it. Throws if not. */
export function authorize(context: LakeContext, request: LakeRequest, need: Need): void {
  const authorization = request.header("authorization");
  if (authorization === undefined) {
    if (!request.query.has("sig")) {
      throw new LakeError(
        401,
        "NoAuthenticationInformation",
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
      );
    }
    checkSas(request.query, context.account, context.key, request, need, new Date());
    return;
  }
  if (/^Bearer /i.test(authorization)) {
    throw notImplemented("A bearer token (use the account key or a shared access signature)");
  }
  const headerNames = Object.keys(request.message.headers);
  if (!isSharedKeyAuthorization({ ...request, headerNames }, context.account, context.key)) {
    throw authenticationFailed("The signature is not that of this request.");
  }
}
