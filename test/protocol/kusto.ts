import type { Extent, Message, Staging, World } from "./world.ts";

/* What the destination does, each command at once or not at all. */

export function stagingOf(world: World, name: string): readonly Extent[] | undefined {
  return world.staging.find((table) => table.name === name)?.extents;
}

export function createTable(world: World, name: string): World {
  if (stagingOf(world, name)) return world;
  return withStaging({ ...world, outside: world.outside || world.discarded.includes(name) }, name, []);
}

export function dropTables(world: World, names: readonly string[]): World {
  return { ...world, staging: world.staging.filter((table) => !names.includes(table.name)) };
}

function withStaging(world: World, name: string, extents: readonly Extent[]): World {
  const others: Staging[] = world.staging.filter((table) => table.name !== name);
  return {
    ...world,
    staging: [...others, { name, extents }].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** An extent more in a staging table, which is made where it isn't there. */
export function ingest(world: World, { staging, row, tag }: Message): World {
  const extent = { id: `e${world.made}`, rows: [row], tags: [tag] };
  const there = createTable(world, staging);
  const landed = withStaging(there, staging, [...(stagingOf(there, staging) ?? []), extent]);
  return { ...landed, made: world.made + 1 };
}

/** Moves extents from one staging table to another; undefined where one of them isn't there: then nothing is moved. */
export function moveBetween(
  world: World,
  move: { from: string; to: string; ids: readonly string[] },
): { world: World; ids: readonly string[] } | undefined {
  const taken = take(stagingOf(world, move.from) ?? [], move.ids);
  if (!taken) return undefined;
  const moved = taken.extents.map((extent) => ({ ...extent, id: `${extent.id}'` }));
  const left = withStaging(world, move.from, taken.left);
  return {
    world: withStaging(left, move.to, [...(stagingOf(left, move.to) ?? []), ...moved]),
    ids: moved.map((extent) => extent.id),
  };
}

/** Moves extents into the table, in the place of others of it where `drop` names them; undefined where one isn't there. */
export function show(
  world: World,
  move: { from: string; ids: readonly string[]; drop: readonly string[] },
): World | undefined {
  const kept = take(world.table, move.drop);
  const taken = take(stagingOf(world, move.from) ?? [], move.ids);
  if (!kept || !taken) return undefined;
  const moved = taken.extents.map((extent) => ({ ...extent, id: `${extent.id}'` }));
  const left = move.ids.length === 0 ? world : withStaging(world, move.from, taken.left);
  return { ...left, table: [...kept.left, ...moved] };
}

function take(from: readonly Extent[], ids: readonly string[]) {
  const extents = from.filter((extent) => ids.includes(extent.id));
  if (extents.length < ids.length) return undefined;
  return { extents, left: from.filter((extent) => !ids.includes(extent.id)) };
}

/** Takes tags off the table's extents, which get other ids by it. */
export function dropTags(world: World, tags: readonly string[]): World {
  const table = world.table.map((extent) =>
    extent.tags.some((tag) => tags.includes(tag))
      ? { ...extent, id: `${extent.id}-`, tags: extent.tags.filter((tag) => !tags.includes(tag)) }
      : extent,
  );
  return { ...world, table };
}

/** All of some extents become one, with the tags of each. */
export function merged(
  world: World,
  extents: readonly Extent[],
): { world: World; extents: readonly Extent[] } {
  const one = {
    id: `m${world.made}`,
    rows: extents.flatMap((extent) => extent.rows).toSorted(),
    tags: [...new Set(extents.flatMap((extent) => extent.tags))].toSorted(),
  };
  return { world: { ...world, made: world.made + 1 }, extents: [one] };
}

export function mergeTable(world: World): World {
  const done = merged(world, world.table);
  return { ...done.world, table: done.extents };
}

export function mergeStaging(world: World, name: string): World {
  const done = merged(world, stagingOf(world, name) ?? []);
  return withStaging(done.world, name, done.extents);
}

/** Somebody else drops an extent, of the table (`name` is undefined) or of a staging table. */
export function dropExtent(world: World, name: string | undefined, id: string): World {
  const gone = { ...world, outside: true };
  if (name !== undefined) {
    const left = (stagingOf(world, name) ?? []).filter((extent) => extent.id !== id);
    return withStaging(gone, name, left);
  }
  const rows = world.table.find((extent) => extent.id === id)?.rows ?? [];
  return {
    ...gone,
    table: world.table.filter((extent) => extent.id !== id),
    dropped: [...new Set([...world.dropped, ...rows])].toSorted(),
  };
}
