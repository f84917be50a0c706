import { setTimeout as sleep } from "node:timers/promises";
import { type Effect, effectOf, readsWeakly } from "./effects.ts";
import type { Call, Fate, Reply } from "./proxy.ts";
import { refusal, type WireFault } from "./wireFaults.ts";

/** A fault that strikes at an effect: the `nth` time that a copy has it, counted from one. */
export interface Strike {
  readonly effect: string;
  readonly nth: number;
  readonly fault: WireFault;
}

/** What a place has seen of its copy, and what is to strike it. */
export interface Track {
  /** Effects in the order in which they first came, and how often. */
  readonly seen: ReadonlyMap<string, number>;
  readonly struck: readonly Strike[];
  /** The queries that a cluster may answer as it was some while ago. */
  readonly weak: ReadonlySet<string>;
  /** A death has struck: nothing of the copy goes on until the process is killed and `revive` called. */
  readonly isDead: () => boolean;
}

/** The effects at which strikes were to come and did not. */
export function missedOf({ struck }: Track, strikes: readonly Strike[]): string[] {
  return strikes.filter((strike) => !struck.includes(strike)).map((strike) => strike.effect);
}

export interface Director {
  readonly fate: Fate;
  /** Watches a place anew, with these faults to come. */
  readonly arm: (place: string, strikes: readonly Strike[]) => Track;
  /** Lets what has not struck yet never strike. */
  readonly disarm: (place: string) => void;
  /** Runs something at a place of which no strike knows. */
  readonly unseen: <T>(place: string, work: () => Promise<T>) => Promise<T>;
  /** After the process was killed: the places go on, with the death that struck behind them. */
  readonly revive: () => void;
}

/** An answer that is late by this much, milliseconds: long enough for a poll or a second delivery to come first. */
const LATE_MS = 1500;

interface Place {
  seen: Map<string, number>;
  waiting: Strike[];
  struck: Strike[];
  weak: Set<string>;
  dead: boolean;
  unseen: boolean;
}

/** Decides the fate of each request: it goes through, unless a strike waits for it, or its process counts as dead. */
export function createDirector(effect: (call: Call) => Effect | undefined = effectOf): Director {
  const places = new Map<string, Place>();

  const arm = (name: string, strikes: readonly Strike[]): Track => {
    const place: Place = {
      seen: new Map(),
      waiting: [...strikes],
      struck: [],
      weak: new Set(),
      dead: false,
      unseen: false,
    };
    places.set(name, place);
    return { seen: place.seen, struck: place.struck, weak: place.weak, isDead: () => place.dead };
  };

  const fate: Fate = async (call, forward) => {
    const found = effect(call);
    const place = found === undefined ? undefined : places.get(found.place);
    if (found === undefined || place === undefined) return forward();
    // A dead process sends nothing and hears nothing: what is open is left open until it is killed.
    if (place.dead) return never();
    if (place.unseen) return forward();
    if (readsWeakly(call)) place.weak.add(found.name);
    const nth = (place.seen.get(found.name) ?? 0) + 1;
    place.seen.set(found.name, nth);
    const strike = place.waiting.find((each) => each.effect === found.name && each.nth === nth);
    const reply = strike === undefined ? await forward() : await struck(place, strike, call, forward);
    return place.dead ? never() : reply;
  };

  return {
    fate,
    arm,
    disarm: (name) => {
      const place = places.get(name);
      if (place) place.waiting = [];
    },
    unseen: async (name, work) => {
      const place = places.get(name);
      if (place) place.unseen = true;
      try {
        return await work();
      } finally {
        if (place) place.unseen = false;
      }
    },
    revive: () => {
      for (const place of places.values()) place.dead = false;
    },
  };
}

async function struck(
  place: Place,
  strike: Strike,
  call: Call,
  forward: () => Promise<Reply>,
): Promise<Reply | undefined> {
  place.waiting = place.waiting.filter((each) => each !== strike);
  place.struck.push(strike);
  switch (strike.fault) {
    case "diesAfter":
      await forward();
      place.dead = true;
      return undefined;
    case "diesBefore":
      place.dead = true;
      return undefined;
    case "neverArrives":
      return undefined;
    case "answerLost":
      await forward();
      return undefined;
    case "throttled":
    case "unavailable":
    case "refused":
      return refusal(call, strike.fault);
    case "late": {
      const reply = await forward();
      await sleep(LATE_MS);
      return reply;
    }
    case "twice": {
      const [reply] = await Promise.all([forward(), forward()]);
      return reply;
    }
  }
}

function never(): Promise<undefined> {
  return new Promise(() => undefined);
}
