/** Names and patterns, as rules have them for interfaces and programs. */

/** True when the name is one of these, or fits one: * stands for any characters, ? for one. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, name));
}

/** Goes back to the last * only, which is enough: no text makes it slow. */
function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let behindStar = 0;
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      behindStar = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++behindStar;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
