/**
 * Whom the processes of a run become once everything is open: --user, else, of a run that root started, the engine alone
 * becomes nobody. Settings, filters, logs and saved rows are the caller's: without --user the front stays who it is.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../base/errors.ts';
import { becomeUser, changeOfUserRefusal, lookUpUser, NOBODY, type UserIds } from '../native/privileges.ts';
import type { OptionValues } from './option-values.ts';

/** Whom the engine becomes, or null: it stays who started it. Throws OperatorError for a --user that cannot be. */
export function engineUser({ user: name, capture }: OptionValues): UserIds | null {
  const isChosen = name !== null;
  const user = isChosen ? lookUpUser(name) : nobody();
  if (user.uid === 0 || user.uid === process.geteuid?.()) return null;
  const refusal = changeOfUserRefusal(user) ?? (capture === 'pcap' ? closedTo(user) : null);
  if (refusal === null) return user;
  // Nobody asked for it: where it cannot be (a container without that right), the run goes on as it is.
  if (!isChosen) return null;
  throw new OperatorError({ code: 'E_PERMISSION', operation: 'become user', target: name, cause: refusal });
}

/** What the operator is told where the engine stays root although it could be somebody else, or null. */
export function staysRoot({ user, capture }: OptionValues): string | null {
  if (process.geteuid?.() !== 0 || user !== null || capture !== 'pcap') return null;
  const closed = changeOfUserRefusal(nobody()) === null ? closedTo(nobody()) : null;
  return closed === null ? null : `the capture engine keeps the rights of root: as nobody, ${closed}`;
}

/**
 * Makes this process the user of --user, for good; without --user nothing happens. Engines that are forked later still
 * capture when they are forked by passingOnCapture. Throws OperatorError.
 */
export function becomeChosenUser({ user }: OptionValues): void {
  if (user !== null) becomeUser(lookUpUser(user), { keep: 'capture' });
}

function nobody(): UserIds {
  const { uid, gid } = passwdEntry('nobody') ?? { uid: NOBODY, gid: NOBODY };
  return { name: 'nobody', uid, gid, groups: [gid] };
}

/** Without the C library, which takes long to load: nobody is never anywhere else. */
function passwdEntry(name: string): { uid: number; gid: number } | null {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return null;
  }
  const fields = text.split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = fields.find(([first]) => first === name) ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** Capturing through libpcap starts a program of its own, later again: that user must be able to run it. */
function closedTo(user: UserIds): string | null {
  const closed = [process.execPath, fileURLToPath(import.meta.url)].find((path) => !mayReach(user, path));
  return closed === undefined ? null : `the libpcap process could not be started, ${closed} is closed to ${user.name}`;
}

/** By the bits of its mode and those of the folders above. */
function mayReach(user: UserIds, path: string): boolean {
  const { uid, gid, mode } = statSync(path);
  const shift = uid === user.uid ? 6 : user.groups.includes(gid) ? 3 : 0;
  const isRoot = dirname(path) === path;
  const wanted = path === process.execPath || statSync(path).isDirectory() ? 1 : 4;
  return ((mode >> shift) & wanted) !== 0 && (isRoot || mayReach(user, dirname(path)));
}
