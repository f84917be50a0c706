/// <reference types="@kusto/language-service-next" />
import { createRequire } from "node:module";

/** Microsoft's parser. Where the process began with a snapshot that holds it (stack/parserSnapshot.ts), it is there already. */
export const language = loaded();

function loaded(): typeof Kusto.Language {
  if (!("Kusto" in globalThis)) {
    const require = createRequire(import.meta.url);
    // The parser is a script that sets globals, and its runtime has to be there before it.
    require("@kusto/language-service-next/bridge.min.js");
    require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
  }
  return globalThis.Kusto.Language;
}
