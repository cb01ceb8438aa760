/**
 * Times for output. Capture files may claim any time: what ISO 8601 cannot write with four digits of year is unknown.
 */

/** "2026-11-21T02:45:00.123Z" of seconds since 1970, or null. */
export function isoTime(seconds: number | null): string | null {
  if (seconds === null || !(seconds >= -62_135_596_800 && seconds < 253_402_300_800)) return null;
  return new Date(seconds * 1000).toISOString();
}
