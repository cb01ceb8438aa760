/** The test of names that a search for `text` (lower case) makes. */
export function meant(text: string): (name: string) => boolean {
  return (name) => name.toLowerCase().includes(text);
}
