/** Who asked for what. */
export interface RequestContext {
  readonly database: string;
  readonly text: string;
  readonly principal: string;
  readonly clientRequestId: string;
  readonly activityId: string;
  readonly application: string;
  readonly user: string;
  /** Client request properties, by lower-case name (`kusto/api/rest/request-properties.md`). */
  readonly options: ReadonlyMap<string, unknown>;
  readonly parameters: ReadonlyMap<string, string | number | boolean>;
  readonly signal: AbortSignal;
}
