import { longOf } from "../program/forms.ts";
import type { Given } from "../program/given.ts";
import { JOB_OPTIONS } from "../program/options.ts";

/*
 * The app's activities read credentials, and what a job leaves out, from the app's settings: here from this process's
 * environment. Options go there first, so that an option wins and no activity knows where a setting came from.
 */

type Environment = Record<string, string | undefined>;

/** Options of which the app has a setting, by the name that commander keeps them under. */
const SETTINGS: readonly { readonly key: string; readonly option: string; readonly setting: string }[] =
  JOB_OPTIONS.flatMap(({ flags, setting }) => {
    if (setting === undefined) return [];
    const option = longOf(flags);
    const key = option.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [{ key, option, setting }];
  });

/** Puts the options of a call into the environment. */
export function applyOptions(given: Given, environment: Environment): void {
  const values = new Map<string, unknown>(Object.entries(given));
  for (const { key, setting } of SETTINGS) {
    const value = values.get(key);
    if (typeof value === "string") environment[setting] = value;
    // Names may hold commas and spaces: the settings take a JSON array as well.
    if (Array.isArray(value))
      environment[setting] =
        key === "lake" ? value.join("\n") : key === "job" ? String(value[0]) : JSON.stringify(value);
  }
}

/** What a setting is called on the command line: its option where that was given, and the setting itself where not. */
export function nameOf(setting: string, given: Given): string {
  const found = SETTINGS.find((each) => each.setting === setting);
  const values = new Map<string, unknown>(Object.entries(given));
  return found !== undefined && values.get(found.key) !== undefined ? found.option : setting;
}

/** The option that stands in for a setting. */
export function optionOf(setting: string): string {
  return SETTINGS.find((each) => each.setting === setting)?.option ?? setting;
}
