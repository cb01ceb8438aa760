/**
 * File locks between processes (flock(2)): advisory, gone with the descriptor, also when its process is killed.
 */
import { koffi, libc, SystemCallError } from './koffi.ts';

const LOCK_SHARED = 1;
const LOCK_EXCLUSIVE = 2;
const LOCK_NOT_WAITING = 4;
const LOCK_UNLOCK = 8;

const libcFlock = libc<(fd: number, operation: number) => number>('int flock(int, int)');

/** Takes the lock if it is free: false when another open file description holds it. Never waits. */
export function tryLockFile(fd: number, mode: 'exclusive' | 'shared' = 'exclusive'): boolean {
  const operation = (mode === 'exclusive' ? LOCK_EXCLUSIVE : LOCK_SHARED) | LOCK_NOT_WAITING;
  if (libcFlock(fd, operation) === 0) return true;
  const error = new SystemCallError('flock', koffi().errno());
  if (error.code === 'EAGAIN') return false;
  throw error;
}

/** Gives the lock back; closing the descriptor does the same. */
export function unlockFile(fd: number): void {
  if (libcFlock(fd, LOCK_UNLOCK) !== 0) throw new SystemCallError('flock', koffi().errno());
}
