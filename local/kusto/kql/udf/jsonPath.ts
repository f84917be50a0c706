const cache = new Map<string, readonly (string | number)[] | undefined>();

const STEP =
  /\.(?:([A-Za-z_][\w-]*)|\[?['"]((?:[^'"\\]|\\.)*)['"]\]?)|\[(?:(-?\d+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

/** The steps of a JSONPath such as `$.a['b c'][0]` (`query/jsonpath.md`); undefined where it is none. */
export function jsonPath(path: string): readonly (string | number)[] | undefined {
  if (cache.has(path)) return cache.get(path);
  const found = read(path.trim());
  if (cache.size > 1000) cache.clear();
  cache.set(path, found);
  return found;
}

function read(path: string): (string | number)[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: (string | number)[] = [];
  let at = 1;
  while (at < path.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(path);
    if (match === null) return undefined;
    const [, plain, dotted, index, single, double] = match;
    const name = plain ?? dotted ?? single ?? double;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(plain ?? unescaped(name ?? ""));
    at = STEP.lastIndex;
  }
  return steps;
}
