/** What operators write in capture expressions and libpcap does not know, put into libpcap's words. */

/** `port range A-B` is libpcap's `portrange A-B`. */
export function rewriteExpression(text: string): string {
  return text.replace(/\bport\s+range\b/g, 'portrange');
}
