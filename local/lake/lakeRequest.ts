import type { IncomingMessage } from "node:http";
import { badRequest } from "./lakeError.ts";

/** A request as both endpoints read it: account, filesystem (container) and path (blob) out of the URL's path. */
export interface LakeRequest {
  readonly message: IncomingMessage;
  readonly method: string;
  /** As sent: signatures are computed over it. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly filesystem: string;
  /** Decoded, without slashes at its ends; empty for the root of the filesystem. */
  readonly path: string;
  readonly header: (name: string) => string | undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest("InvalidUri", `The request URI ${text} is not well encoded.`);
  }
}

export function splitPath(rawPath: string, account: string): { filesystem: string; path: string } {
  const segments = rawPath.replace(/^\/+/, "").split("/");
  // The DataLake client forgets the account of a path-style URL when it renames.
  if (segments[0] === account) segments.shift();
  const [filesystem = "", ...rest] = segments;
  return { filesystem: decode(filesystem), path: decode(rest.join("/")).replace(/^\/+|\/+$/g, "") };
}

export function readRequest(message: IncomingMessage, account: string): LakeRequest {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1).replaceAll("+", "%2B"));
  const first = rawPath.split("/")[1] ?? "";
  if (first !== account && message.headers["x-ms-rename-source"] === undefined) {
    throw badRequest(
      "InvalidUri",
      `The first part of the path must be the account ${account}, as in http://127.0.0.1:10003/${account}/filesystem/path.`,
    );
  }
  return {
    message,
    method: message.method ?? "GET",
    rawPath,
    query,
    ...splitPath(rawPath, account),
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(",") : value;
    },
  };
}
