import { appSettings } from "../settings.ts";
import { type CheckOf, fail, warn, well } from "./runChecks.ts";

/** The event topic, where one is set. Nothing is published to try it: subscribers would take it for an iteration. */
export function eventChecks(): CheckOf[] {
  const { KUSTO_COPY_EVENTS_TOPIC: topic, KUSTO_COPY_EVENTS_KEY: key } = appSettings();
  return [
    {
      name: "event topic",
      why: "Subscribers are told of each committed iteration; a copy goes on without it.",
      fix: "Check KUSTO_COPY_EVENTS_TOPIC, and that the topic's network rules let this process through.",
      refused: "warning",
      look: async () => {
        if (topic === "") {
          return key === ""
            ? well("No topic is set.")
            : warn(
                "KUSTO_COPY_EVENTS_KEY is set, and no topic is.",
                "Set KUSTO_COPY_EVENTS_TOPIC, or take the key away.",
              );
        }
        if (!URL.canParse(topic)) return fail("KUSTO_COPY_EVENTS_TOPIC is no URL.");
        const { origin, host } = new URL(topic);
        try {
          const answer = await fetch(origin, { method: "HEAD", signal: AbortSignal.timeout(15_000) });
          return well(
            `${host} answers (${answer.status}). Whether it takes events of this app shows with the first one: a refusal is told as a warning in the status.`,
          );
        } catch {
          return warn(`${host} doesn't answer.`);
        }
      },
    },
  ];
}
