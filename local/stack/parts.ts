import { join } from "node:path";
import { azuriteArguments } from "./azuriteArguments.ts";
import type { ChildOptions } from "./childProcess.ts";
import { parserSnapshotArguments } from "./parserSnapshot.ts";
import type { PortName, Ports } from "./ports.ts";
import type { Urls } from "./settings.ts";
import { localFile } from "./siblings.ts";
import { storageAccount } from "./storageAccount.ts";

/** The processes of the stack. */
export type PartName = "azurite" | "lake" | KustoName | "arm" | "events" | "host";

/** The local Kustos, as the resource manager names them too. */
export type KustoName = "source" | "destination" | "leader2";

export const portsOfPart: Readonly<Record<PartName, readonly PortName[]>> = {
  azurite: ["blob", "queue", "table"],
  lake: ["lake"],
  source: ["sourceKusto"],
  destination: ["destinationKusto"],
  leader2: ["leader2Kusto"],
  arm: ["arm"],
  events: ["events"],
  host: ["functions"],
};

export interface PartOptions {
  readonly ports: Ports;
  readonly urls: Urls;
  /** Where data is kept between runs, or undefined for none. */
  readonly keep: string | undefined;
  /** A folder for what lives as long as the stack. */
  readonly workspace: string;
  readonly databases: Readonly<Record<KustoName, readonly string[]>>;
  /** The Kustos that run, and their regions where they aren't the usual one. */
  readonly kustos: readonly KustoName[];
  readonly regions: Readonly<Partial<Record<KustoName, string>>>;
  readonly app: string;
  readonly settings: Readonly<Record<string, string>>;
}

function kusto(options: PartOptions, name: KustoName): ChildOptions {
  const port = options.ports[`${name}Kusto`];
  const databases = options.databases[name];
  return {
    name: `The ${name} Kusto`,
    file: localFile("kusto/main"),
    nodeArguments: parserSnapshotArguments(),
    arguments: [
      ...["--port", String(port), "--name", name, "--databases", databases.join(",")],
      ...["--blob", options.urls.blob, "--queue", options.urls.queue, "--table", options.urls.table],
      ...["--storage-key", storageAccount.key],
      ...(options.keep === undefined ? [] : ["--data", join(options.keep, name)]),
    ],
  };
}

/** How each process is started. */
export function childOptionsOf(part: PartName, options: PartOptions): ChildOptions {
  const { ports, urls } = options;
  switch (part) {
    case "azurite":
      return {
        name: "Azurite",
        file: localFile("stack/azurite"),
        arguments: azuriteArguments(
          ports,
          options.keep === undefined ? undefined : join(options.keep, "azurite"),
        ),
        // It leaves files of its own where it starts.
        directory: options.workspace,
      };
    case "lake":
      return {
        name: "The data lake",
        file: localFile("lake/main"),
        arguments: ["--port", String(ports.lake), "--blob", urls.blob],
      };
    case "source":
    case "destination":
    case "leader2":
      return kusto(options, part);
    case "arm":
      return {
        name: "The resource manager",
        file: localFile("arm/main"),
        arguments: [
          ...["--port", String(ports.arm)],
          ...options.kustos.flatMap((name) => ["--cluster", `${name}=${urls[`${name}Kusto`]}`]),
          ...Object.entries(options.regions).flatMap(([name, region]) => ["--region", `${name}=${region}`]),
          ...(options.keep === undefined ? [] : ["--data", join(options.keep, "arm")]),
        ],
      };
    case "events":
      return {
        name: "The event topic",
        file: localFile("events/main"),
        arguments: ["--port", String(ports.events)],
      };
    case "host":
      return {
        name: "The Functions host",
        file: localFile("host/main"),
        arguments: [
          ...["--app", options.app, "--port", String(ports.functions)],
          ...["--data", join(options.keep ?? options.workspace, "host")],
        ],
        environment: options.settings,
      };
  }
}
