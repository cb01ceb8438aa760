/**
 * Front doors: the command lines of predecessors, by the first word or by the name of a link to the program. Looked at
 * before anything is loaded, so it imports nothing of ours.
 */
import { basename } from 'node:path';

/** Doors that this version has. */
export const DOORS = ['iftop'] as const;
type DoorName = (typeof DOORS)[number];

/** The door that is taken, and the arguments behind it; null: the main command. */
export function doorTaken(
  argv: readonly string[],
  calledAs: string,
): { name: DoorName; argv: readonly string[] } | null {
  const linked = DOORS.find((name) => name === basename(calledAs));
  if (linked !== undefined) return { name: linked, argv };
  const named = DOORS.find((name) => name === argv[0]);
  return named === undefined ? null : { name: named, argv: argv.slice(1) };
}
