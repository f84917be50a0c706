import { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { attachmentSchema } from "./attachment.ts";

const attachSchema = z.strictObject({ attachments: z.array(attachmentSchema) });

function described(engine: Engine) {
  const { databases, attachments } = engine.store.state();
  return {
    attachments,
    databases: [...databases.values()].flatMap(({ name, following }) => {
      if (following === undefined) return [];
      const { attachment, leaderDatabase, overrides } = following;
      return [
        {
          name,
          configuration: attachment.configuration,
          leader: attachment.leader,
          leaderDatabase,
          principalsKind: overrides.principalsKind ?? attachment.principalsKind,
        },
      ];
    }),
    troubles: engine.follower.troubles(),
  };
}

/** How the resource manager tells a cluster what it follows, and how a test makes it look at its leaders at once. */
export function followerRoutes(engine: Engine): Hono {
  const app = new Hono();
  app.get("/", (c) => c.json(described(engine)));
  app.put("/", async (c) => {
    await engine.follower.attach(attachSchema.parse(await c.req.json()).attachments);
    return c.json(described(engine));
  });
  app.post("/refresh", async (c) => {
    await engine.follower.refresh();
    return c.json(described(engine));
  });
  return app;
}
