/** What a stand-in was asked to do wrong, of the faults it knows: each strikes so many times, in the order in which they were asked for. */
export interface FaultRegistry<Fault extends { action: string; times: number }, Request> {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  readonly list: () => readonly (Fault & { readonly struck: number })[];
  /** The first fault of an action that a request meets, counted as struck. */
  readonly take: <Action extends Fault["action"]>(
    action: Action,
    request: Request,
  ) => Extract<Fault, { action: Action }> | undefined;
}

export function createFaultRegistry<Fault extends { action: string; times: number }, Request>(
  matches: (fault: Fault, request: Request) => boolean,
): FaultRegistry<Fault, Request> {
  let all: { readonly fault: Fault; struck: number }[] = [];
  return {
    add: (fault) => {
      all.push({ fault, struck: 0 });
    },
    clear: () => {
      all = [];
    },
    list: () => all.map(({ fault, struck }) => ({ ...fault, struck })),
    take: <Action extends Fault["action"]>(action: Action, request: Request) => {
      const isAction = (fault: Fault): fault is Extract<Fault, { action: Action }> => fault.action === action;
      for (const entry of all) {
        const { fault } = entry;
        if (!isAction(fault) || entry.struck >= fault.times || !matches(fault, request)) continue;
        entry.struck += 1;
        return fault;
      }
      return undefined;
    },
  };
}
