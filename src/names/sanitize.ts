/**
 * Cleaning of text that came from the network or from a file: names of hosts, interfaces, programs. Whoever sends us
 * a packet or answers our name queries chooses these bytes; on a terminal they must be letters and nothing else.
 * Never throws, never returns a control character.
 */

/** Longest host name that DNS allows, in characters (RFC 1035 section 3.1: 255 octets on the wire). */
const MAXIMUM_NAME_LENGTH = 253;

/** Longest other text kept. */
const MAXIMUM_TEXT_LENGTH = 255;

// C0, DEL, C1 (0x9b alone starts an escape sequence in 8-bit terminals), soft hyphen, zero-width and bidirectional
// controls (they make text read as something else), line separators, byte order mark, interlinear annotation, tags.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\p{Cs}\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text with everything that is no visible character shown as "·"; cut at 255 characters. */
export function sanitizeText(text: string): string {
  const cut = text.length > MAXIMUM_TEXT_LENGTH ? `${text.slice(0, MAXIMUM_TEXT_LENGTH - 1)}…` : text;
  return cut.replace(UNSAFE, '·');
}

/**
 * A host name of letters, digits and "-._:/" (international names arrive as punycode); anything else becomes "?", and so
 * does a leading "-": names are pasted into shells and opened in spreadsheets, where "-x", "=1+1" and "`x`" do things.
 * The root dot at the end is taken away; overlong names are cut. null when nothing is left.
 */
export function sanitizeName(name: string): string | null {
  const plain = name.slice(0, MAXIMUM_NAME_LENGTH + 2).replace(/^-|[^A-Za-z0-9._:/-]/gu, '?');
  const trimmed = plain.endsWith('.') ? plain.slice(0, -1) : plain;
  if (trimmed === '') return null;
  return trimmed.length > MAXIMUM_NAME_LENGTH ? `${trimmed.slice(0, MAXIMUM_NAME_LENGTH - 1)}~` : trimmed;
}
