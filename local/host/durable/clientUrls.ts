/**
 * The addresses that the durable client binding gives a function, and that answers of the management endpoints
 * carry (test/local/host/recordings/bindings.json).
 */

export const webhookPath = "/runtime/webhooks/durabletask";
export const connectionName = "Storage";

export interface ClientUrls {
  /** `http://127.0.0.1:7071` */
  origin: string;
  taskHub: string;
  /** The system key of the webhooks. */
  code: string;
}

export interface ManagementUrls {
  id: string;
  statusQueryGetUri: string;
  sendEventPostUri: string;
  terminatePostUri: string;
  rewindPostUri: string;
  purgeHistoryDeleteUri: string;
  restartPostUri: string;
  suspendPostUri: string;
  resumePostUri: string;
}

export function managementUrls(urls: ClientUrls, instanceId: string): ManagementUrls {
  const base = `${urls.origin}${webhookPath}/instances/${encodeURIComponent(instanceId)}`;
  const hub = encodeURIComponent(urls.taskHub);
  const query = `taskHub=${hub}&connection=${connectionName}&code=${encodeURIComponent(urls.code)}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${base}?${query}`,
    sendEventPostUri: `${base}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${base}/terminate?reason={text}&${query}`,
    rewindPostUri: `${base}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${base}?${query}`,
    restartPostUri: `${base}/restart?${query}`,
    suspendPostUri: `${base}/suspend?reason={text}&${query}`,
    resumePostUri: `${base}/resume?reason={text}&${query}`,
  };
}

/** What a function with a durable client binding receives for it. */
export function clientBinding(urls: ClientUrls, rpcBaseUrl: string): object {
  const orchestrators = `${urls.origin}${webhookPath}/orchestrators/{functionName}[/{instanceId}]`;
  const code = `code=${encodeURIComponent(urls.code)}`;
  return {
    taskHubName: urls.taskHub,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${orchestrators}?${code}`,
      createAndWaitOnNewInstancePostUri: `${orchestrators}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: managementUrls(urls, "INSTANCEID"),
    baseUrl: `${urls.origin}${webhookPath}`,
    requiredQueryStringParameters: code,
    rpcBaseUrl,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  };
}
