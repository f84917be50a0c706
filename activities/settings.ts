import { Terminal } from "../model/errors.ts";
import { type RawSettings, readSettings } from "../model/settings.ts";
import { type Connections, readConnections } from "./connections.ts";

let settingsKept: RawSettings | undefined;
let connectionsKept: Connections | undefined;

/** The app's settings. Throws Terminal that names every wrong one. */
export function appSettings(): RawSettings {
  if (settingsKept) return settingsKept;
  const read = readSettings(process.env);
  if (!read.ok) {
    const wrong = read.problems.map((problem) => `${problem.name} ${problem.reason}`).join("; ");
    throw new Terminal(
      `The app's settings can't be used: ${wrong}.`,
      {},
      { advice: "Set them in the function app's configuration." },
    );
  }
  settingsKept = read.settings;
  return settingsKept;
}

/** The clusters and lakes that the settings know. Throws Terminal that names the setting of a wrong string. */
export function knownConnections(): Connections {
  connectionsKept ??= readConnections(appSettings());
  return connectionsKept;
}
