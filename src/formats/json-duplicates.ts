// Finds a key that stands twice in one object of a JSON text. JSON.parse keeps the last of them in silence, and
// what a checker read is then not what another reader sees. Expects text that JSON.parse has accepted.

/** The first key that repeats within its object, or undefined. */
export function findDuplicateKey(json: string): string | undefined {
  // One set per open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(json, at);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(json, end)) {
        const key = String(JSON.parse(json.slice(at, end)));
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Where the string that starts at `at` is over. Not by a regular expression: a long string would overflow it. */
function stringEnd(json: string, at: number): number {
  let end = at + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** Whether a colon follows, which makes a string a key. */
function isKey(json: string, at: number): boolean {
  while (' \t\n\r'.includes(json[at])) at++;
  return json[at] === ':';
}
