import { type EntryBody, entrySchema } from "../../model/checkpoint/entries.ts";
import { fold } from "../../model/checkpoint/fold.ts";
import { emptyState, type State } from "../../model/checkpoint/state.ts";
import { canonical, moment } from "../model/checkpoint/sampleLog.ts";

/*
 * The states that a log can tell, each kept once and known by a number. Entries have their real shape and go through the real
 * `fold`: what it refuses, the product would refuse to write. Equal states have equal numbers, whatever led to them.
 */

/** A state of the log: equal numbers mean equal states. */
export type Ref = number;

export const NOTHING: Ref = 0;

const states: State[] = [emptyState];
const numbers = new Map<string, Ref>([[canonical(emptyState), NOTHING]]);
const followers = new Map<string, Ref>();

export function stateOf(ref: Ref): State {
  const state = states[ref];
  if (!state) throw new Error(`There is no state ${ref}.`);
  return state;
}

/** The state after an entry of a run. Throws where the log takes no such entry. */
export function after(ref: Ref, run: number, body: EntryBody): Ref {
  const key = `${ref} ${run} ${JSON.stringify(body)}`;
  const known = followers.get(key);
  if (known !== undefined) return known;
  const before = stateOf(ref);
  const identity = { number: before.next, run, step: `record ${body.kind}`, at: moment(before.next) };
  const next = numbered(fold(before, entrySchema.parse({ ...body, ...identity })));
  followers.set(key, next);
  return next;
}

function numbered(state: State): Ref {
  const text = canonical(state);
  const known = numbers.get(text);
  if (known !== undefined) return known;
  states.push(state);
  numbers.set(text, states.length - 1);
  return states.length - 1;
}
