import { DeviceCodeCredential, InteractiveBrowserCredential, type TokenCredential } from "@azure/identity";
import { Terminal } from "../../model/errors.ts";

/** A person at this process, who can be asked to log in. */
export interface Person {
  /** Shows a text to them, such as the code to type at a login page. */
  readonly show: (text: string) => void;
  /** Whether a browser can be opened where they sit; found out from the environment if left out. */
  readonly browser?: boolean;
}

let person: Person | undefined;

/**
 * Says that a person is there who can log in when asked, for this whole process: the command line calls it. A deployed
 * app never does, and a login that needs a prompt is refused there with the reason.
 */
export function allowInteractive(who: Person | undefined): void {
  person = who;
}

/** Whether somebody is there to be asked. */
export function isPersonThere(): boolean {
  return person !== undefined;
}

export interface PromptOptions {
  readonly tenantId?: string | undefined;
  readonly user?: string | undefined;
  readonly authorityHost?: string | undefined;
}

/** The person who is there. Throws Terminal where nobody is. */
export function requirePerson(): Person {
  if (person !== undefined) return person;
  throw new Terminal(
    "A connection string asks for a prompt (User ID without a password), which nobody would answer in a deployed app.",
    {},
    {
      advice:
        "Leave User ID out to use the app's managed identity, or give an application's id, key and Authority Id.",
    },
  );
}

/** A login by prompt: in the browser, or by a device code where none can be opened. Throws Terminal where nobody is there. */
export function promptCredential({ tenantId, user, authorityHost }: PromptOptions): TokenCredential {
  const who = requirePerson();
  const common = {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(authorityHost === undefined ? {} : { authorityHost }),
  };
  if (who.browser ?? hasBrowser(process.platform, process.env)) {
    return new InteractiveBrowserCredential({
      ...common,
      ...(user === undefined ? {} : { loginHint: user }),
    });
  }
  return new DeviceCodeCredential({ ...common, userPromptCallback: ({ message }) => who.show(message) });
}

/** Whether a browser can be opened: not in a shell over the network, and on Linux only where there is a display. */
export function hasBrowser(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (environment.SSH_CONNECTION) return false;
  if (platform === "darwin" || platform === "win32") return true;
  return Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}
