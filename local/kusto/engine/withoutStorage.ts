import { notSupported } from "../kustoError.ts";
import type { DataPart } from "./parts.ts";

/** A cluster started without a storage account of its own: it has no queued ingestion. */
export function dataWithoutStorage(part: DataPart): DataPart {
  const refuse = async (): Promise<never> => {
    throw notSupported("Queued ingestion, in a cluster that was started without a storage account,");
  };
  return {
    ...part,
    ingestionResources: refuse,
    identityToken: refuse,
    start: async () => async () => undefined,
  };
}
