import type { Catalog, ExternalData } from "../catalog.ts";
import type { Relation } from "./relation.ts";
import type { Scalar } from "./sql.ts";
import type { Node } from "./syntax.ts";

/** What a name stands for that `let`, `as`, a parameter or a declaration gave. */
export type Binding =
  | { readonly kind: "scalar"; readonly value: Scalar }
  | { readonly kind: "tabular"; readonly relation: () => Relation }
  | { readonly kind: "function"; readonly declaration: Node; readonly environment: Environment };

export interface Scope {
  readonly names: Map<string, Binding>;
  readonly parent: Scope | undefined;
}

/** One translation. */
export interface Context {
  nextId: number;
  readonly ctes: { readonly name: string; readonly sql: string }[];
  /** Whether the query asks for extents, ingestion times or cursors of rows, so that sources yield them. */
  readonly hidden: boolean;
  usesCursor: boolean;
  visualization: string | undefined;
  /** Relations that hold external data, by what was asked for. */
  readonly externals: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  depth: number;
}

/** Where an expression stands: in whose database, under which names, over which row. */
export interface Environment {
  readonly context: Context;
  readonly catalog: Catalog;
  readonly scope: Scope;
  readonly row: Row | undefined;
}

/** The row that column names refer to. */
export interface Row {
  readonly relation: Relation;
  /** Keeps an expression in a column of its own, so that it is written once however often it is needed. */
  readonly hoist?: (sql: string) => string;
  /** Collects the aggregates of a `summarize`. */
  readonly aggregate?: (node: Node) => Scalar | undefined;
}

/** Thrown where external data has to be read before the translation can go on. */
export class PendingExternal {
  readonly key: string;
  readonly data: ExternalData;
  readonly catalog: Catalog;

  constructor(key: string, data: ExternalData, catalog: Catalog) {
    this.key = key;
    this.data = data;
    this.catalog = catalog;
  }
}

export function newId(context: Context, prefix = "c"): string {
  context.nextId++;
  return `${prefix}${context.nextId}`;
}

export function innerScope(parent: Scope | undefined): Scope {
  return { names: new Map(), parent };
}

export function find(scope: Scope, name: string): Binding | undefined {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) {
    const binding = s.names.get(name);
    if (binding !== undefined) return binding;
  }
  return undefined;
}

export function over(environment: Environment, row: Row | undefined): Environment {
  return { ...environment, row };
}
