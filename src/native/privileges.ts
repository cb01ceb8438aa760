/**
 * Giving up privileges for good (setuid(2), capabilities(7), prctl(2)).
 *
 * User and groups are a matter of the whole process: the C library changes them in every thread. Capabilities are a
 * matter of one thread: what is kept, is kept by the thread that calls (the main one, which alone opens sockets), and all
 * others lose theirs with the change of user. Nothing of this is believed: every thread is looked at afterwards.
 *
 *   __user_cap_header_struct   0 version u32   4 pid i32
 *   __user_cap_data_struct     0 effective u32   4 permitted u32   8 inheritable u32      twice: bits 0..31, 32..63
 *   passwd                     0 name *   8 password *   16 uid u32   20 gid u32   …
 */
import { readdirSync, readFileSync } from 'node:fs';
import { OperatorError } from '../base/errors.ts';
import { CAPABILITY, hasCapability } from './capabilities.ts';
import { checked, firstLine, koffi, libc, SystemCallError } from './koffi.ts';

const CAPABILITY_VERSION_3 = 0x2008_0522;

const PR_SET_DUMPABLE = 4;
const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_LOWER = 3;

/** Sets of capabilities are 64 bits wide; the kernel refuses the numbers that it does not know. */
const MOST_CAPABILITIES = 64;

/** Groups of one user: the kernel's limit (NGROUPS_MAX). */
const MOST_GROUPS = 65_536;

const libcCapset = libc<(header: Uint8Array, data: Uint8Array) => number>('int capset(const void *, const void *)');
const libcPrctl = libc<(option: number, second: number, third: number, fourth: number, fifth: number) => number>(
  'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
);
const libcGetpwnam = libc<(name: string) => unknown>('void *getpwnam(const char *)');
const libcGetgrouplist = libc<(name: string, gid: number, groups: Uint32Array, count: Int32Array) => number>(
  'int getgrouplist(const char *, uint32_t, void *, void *)',
);

/** A user that a process becomes once everything is open, with the groups of that user. */
export interface UserIds {
  name: string;
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** The number of nobody, but for machines that say otherwise: what the kernel shows where it knows no user. */
export const NOBODY = 65_534;

/** What is left after becomeUser: the right to capture (CAP_NET_RAW), or no capability at all. */
export type Kept = 'capture' | 'nothing';

/** A user of this machine with its groups, wherever users come from here (nsswitch.conf(5)). Throws OperatorError. */
export function lookUpUser(name: string): UserIds {
  const entry = name.includes('\0') ? null : libcGetpwnam(name);
  if (entry === null) {
    throw new OperatorError({
      code: 'E_USAGE',
      operation: 'become user',
      target: name,
      cause: 'there is no such user',
      remedy: 'getent passwd lists those there are',
    });
  }
  const fields = new DataView(koffi().view(entry, 24));
  const [uid, gid] = [fields.getUint32(16, true), fields.getUint32(20, true)];
  return { name, uid, gid, groups: groupsOf(name, gid) };
}

/** The primary group is among them. */
function groupsOf(name: string, gid: number): number[] {
  const groups = new Uint32Array(MOST_GROUPS);
  const count = Int32Array.of(MOST_GROUPS);
  if (libcGetgrouplist(name, gid, groups, count) === -1) return [gid];
  return [...groups.subarray(0, count[0])];
}

/** Why this process cannot become that user, or null: it can. */
export function changeOfUserRefusal({ uid, gid }: UserIds): string | null {
  const status = readFileSync('/proc/self/status', 'latin1');
  if (!hasCapability(CAPABILITY.setUid, status) || !hasCapability(CAPABILITY.setGid, status)) {
    return process.geteuid?.() === 0 ? 'CAP_SETUID and CAP_SETGID are missing' : 'only root can';
  }
  // In a user namespace (user_namespaces(7)) root may be the only user there is.
  if (readProc('setgroups') === 'deny') return 'this user namespace does not let groups be given up';
  return isMapped(uid, 'uid_map') && isMapped(gid, 'gid_map') ? null : 'it does not exist in this user namespace';
}

/** Lines of a map: first number inside, first outside, how many. */
function isMapped(id: number, map: 'uid_map' | 'gid_map'): boolean {
  return readProc(map)
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .some(([first, , count]) => id >= first && id < first + count);
}

function readProc(file: string): string {
  return readFileSync(`/proc/self/${file}`, 'latin1').trim();
}

/** Set by becomeUser: the right that is kept can be passed on. */
let passesOn = false;

/**
 * Becomes this user for good, in all threads, and keeps at most what `keep` says, in this thread. Nothing happens where
 * that user is root, or who we are already. Throws OperatorError (E_PERMISSION) when it is not permitted, or when any
 * thread kept more than it may: then the process must not go on.
 *
 * Programs that are started later get nothing of what is kept, but for passingOnCapture.
 */
export function becomeUser(user: UserIds, { keep }: { keep: Kept }): void {
  if (user.uid === 0 || user.uid === process.geteuid?.()) return;
  const refusal = changeOfUserRefusal(user);
  if (refusal !== null) throw notPermitted(user, refusal);
  const kept = keep === 'capture' && hasCapability(CAPABILITY.netRaw) ? [CAPABILITY.netRaw] : [];
  try {
    changeUser(user, kept.length > 0);
    setCapabilities(kept);
  } catch (error) {
    throw notPermitted(user, error instanceof SystemCallError ? error.message : firstLine(error));
  }
  checkThreads(user, kept);
  passesOn = kept.length > 0;
}

/**
 * Runs `start`, which forks a program that is to capture as well: the engine, the libpcap child. It inherits the right
 * that becomeUser kept (an ambient capability); any other program that is started does not.
 */
export function passingOnCapture<T>(start: () => T): T {
  if (!passesOn) return start();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAPABILITY.netRaw);
  try {
    return start();
  } finally {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAPABILITY.netRaw);
  }
}

/**
 * No program that this thread starts from now on can gain anything by being set-user-ID or by file capabilities. To be
 * called while we are still root: later, sets cannot be narrowed.
 */
export function denyGains(): void {
  narrowBoundingSet([CAPABILITY.netRaw]);
  prctl(PR_SET_NO_NEW_PRIVS, 1);
}

/**
 * Lets processes of the same user with the same rights open our files by /proc/PID/fd again. The kernel closes that
 * folder to them when a process changed its user, or was started from a file with capabilities (PR_SET_DUMPABLE).
 */
export function openToOwnProcesses(): void {
  prctl(PR_SET_DUMPABLE, 1);
}

/** Of the sets that programs started later could gain from, in this thread. */
function narrowBoundingSet(kept: readonly number[]): void {
  if (!hasCapability(CAPABILITY.setPcap)) return;
  for (let bit = 0; bit < MOST_CAPABILITIES; bit++) {
    if (kept.includes(bit)) continue;
    // EINVAL: the kernel knows no capabilities from here on.
    if (libcPrctl(PR_CAPBSET_DROP, bit, 0, 0, 0) === -1) return;
  }
}

/** Node's calls are the C library's: they hold for all threads, and real, effective and saved ids change. */
function changeUser({ uid, gid, groups }: UserIds, keepsPermitted: boolean): void {
  if (keepsPermitted) prctl(PR_SET_KEEPCAPS, 1);
  process.setgroups?.([...groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** The three sets of this thread. */
function setCapabilities(kept: readonly number[]): void {
  const header = new Uint8Array(Uint32Array.of(CAPABILITY_VERSION_3, 0).buffer);
  const words = new Uint32Array(6);
  for (const bit of kept) {
    const at = (bit >>> 5) * 3;
    words.fill((words[at] | (1 << (bit & 31))) >>> 0, at, at + 3);
  }
  checked('capset', libcCapset(header, new Uint8Array(words.buffer)));
}

function prctl(option: number, second: number, third = 0): void {
  checked('prctl', libcPrctl(option, second, third, 0, 0));
}

function checkThreads(user: UserIds, kept: readonly number[]): void {
  for (const thread of readdirSync('/proc/self/task')) {
    const status = readThread(thread);
    const excess = status === null ? null : excessOf(status, user, kept);
    if (excess !== null) throw notPermitted(user, `thread ${thread} kept ${excess}`);
  }
}

/** null: it has ended meanwhile, and has nothing left. */
function readThread(thread: string): string | null {
  try {
    return readFileSync(`/proc/self/task/${thread}/status`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/**
 * What a thread still is or may do beyond that, as a line of its status that says so: "Uid: 0 0 0 0"; or null.
 * `status` is the text of /proc/PID/task/TID/status (proc(5)).
 */
export function excessOf(status: string, { uid, gid, groups }: UserIds, kept: readonly number[]): string | null {
  const allowed = kept.reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n);
  const mine = new Set(groups);
  const judges: Record<string, (values: string[]) => boolean> = {
    Uid: (values) => values.every((value) => Number(value) === uid),
    Gid: (values) => values.every((value) => Number(value) === gid),
    Groups: (values) => values.every((value) => mine.has(Number(value))),
  };
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    judges[set] = ([bits]) => (BigInt(`0x${bits}`) & ~allowed) === 0n;
  }
  for (const [name, isFine] of Object.entries(judges)) {
    const values = new RegExp(`^${name}:[ \\t]*(.*)$`, 'm')
      .exec(status)?.[1]
      .split(/\s+/)
      .filter((value) => value !== '');
    if (values === undefined) return `${name}: unknown`;
    if (!isFine(values)) return `${name}: ${values.join(' ')}`;
  }
  return null;
}

function notPermitted({ name }: UserIds, cause: string): OperatorError {
  return new OperatorError({ code: 'E_PERMISSION', operation: 'become user', target: name, cause });
}
