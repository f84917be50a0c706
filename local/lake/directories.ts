import type { BlobServiceClient } from "@azure/storage-blob";
import { blobErrorCode, isNotFound, pathConflict } from "./lakeError.ts";

/** Metadata that tells a directory from a file, on hierarchical accounts as here. */
export const folderMark = "hdi_isfolder";

export function isFolder(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(metadata ?? {}).some(
    ([name, value]) => name.toLowerCase() === folderMark && value === "true",
  );
}

export type PathKind = "file" | "directory" | "none";

/**
 * The directories of a flat blob account: empty blobs that carry a mark. A hierarchical account has a directory for
 * every part of the way to a file; blobs that were written beside the lake get theirs when the lake first meets them.
 */
export interface Directories {
  readonly kind: (filesystem: string, path: string) => Promise<PathKind>;
  /** Whether a directory with a mark is there: cheaper than `kind`, blind to directories that are only implied. */
  readonly isMarked: (filesystem: string, path: string) => Promise<boolean>;
  /** Refuses a path that leads through a file. */
  readonly checkParents: (filesystem: string, path: string) => Promise<void>;
  /** Marks the directories above a path. */
  readonly markParents: (filesystem: string, path: string) => Promise<void>;
  readonly mark: (filesystem: string, path: string) => Promise<void>;
  readonly hasChildren: (filesystem: string, path: string) => Promise<boolean>;
  /** Forgets what was known of a path and below; of a whole filesystem with an empty path. */
  readonly forget: (filesystem: string, path: string) => void;
}

export function parentsOf(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

export function directoriesOf(blobs: BlobServiceClient): Directories {
  const known = new Set<string>();
  const keyOf = (filesystem: string, path: string) => `${filesystem}/${path}`;
  const blobOf = (filesystem: string, path: string) =>
    blobs.getContainerClient(filesystem).getBlockBlobClient(path);

  async function hasChildren(filesystem: string, path: string): Promise<boolean> {
    const pages = blobs
      .getContainerClient(filesystem)
      .listBlobsFlat(path === "" ? {} : { prefix: `${path}/` })
      .byPage({ maxPageSize: 1 });
    for await (const page of pages) return page.segment.blobItems.length > 0;
    return false;
  }

  async function isMarked(filesystem: string, path: string): Promise<boolean> {
    try {
      return isFolder((await blobOf(filesystem, path).getProperties()).metadata);
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async function kind(filesystem: string, path: string): Promise<PathKind> {
    if (path === "") return "directory";
    try {
      const properties = await blobOf(filesystem, path).getProperties();
      if (!isFolder(properties.metadata)) return "file";
      known.add(keyOf(filesystem, path));
      return "directory";
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    if (!(await hasChildren(filesystem, path))) return "none";
    await mark(filesystem, path);
    return "directory";
  }

  async function mark(filesystem: string, path: string): Promise<void> {
    if (path === "") return;
    try {
      await blobOf(filesystem, path).upload("", 0, {
        metadata: { [folderMark]: "true" },
        conditions: { ifNoneMatch: "*" },
      });
      known.add(keyOf(filesystem, path));
    } catch (error) {
      if (blobErrorCode(error) !== "BlobAlreadyExists") throw error;
      if ((await kind(filesystem, path)) === "file") throw pathConflict();
    }
  }

  async function markParents(filesystem: string, path: string): Promise<void> {
    for (const parent of parentsOf(path))
      if (!known.has(keyOf(filesystem, parent))) await mark(filesystem, parent);
  }

  async function checkParents(filesystem: string, path: string): Promise<void> {
    // From the nearest upwards: above a directory there are directories only.
    for (const parent of parentsOf(path).reverse()) {
      if (known.has(keyOf(filesystem, parent))) return;
      const found = await kind(filesystem, parent);
      if (found === "file") throw pathConflict();
      if (found === "directory") return;
    }
  }

  function forget(filesystem: string, path: string): void {
    const prefix = keyOf(filesystem, path === "" ? "" : `${path}/`);
    known.delete(keyOf(filesystem, path));
    for (const key of known) if (key.startsWith(prefix)) known.delete(key);
  }

  return { kind, isMarked, checkParents, markParents, mark, hasChildren, forget };
}
