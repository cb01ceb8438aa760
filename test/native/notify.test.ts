import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { notifyServiceManager } from '../../src/native/notify.ts';
import { NotifySocket } from '../support/notify-socket.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const action of undo.splice(0)) action();
});

function listen(path: string): NotifySocket {
  const socket = new NotifySocket(path);
  undo.push(() => socket.close());
  return socket;
}

it('sends the state to a socket in the file system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'));
  undo.push(() => rmSync(folder, { recursive: true }));
  const socket = listen(join(folder, 'socket'));
  expect(notifyServiceManager('READY=1', join(folder, 'socket'))).toBe(true);
  expect(socket.received()).toEqual(['READY=1']);
});

it('sends the state to an abstract socket', () => {
  const socket = listen(`@notify-test-${process.pid}`);
  expect(notifyServiceManager('STATUS=watching eth0', `@notify-test-${process.pid}`)).toBe(true);
  expect(socket.received()).toEqual(['STATUS=watching eth0']);
});

it('does nothing where no service manager listens', () => {
  expect(notifyServiceManager('READY=1', '')).toBe(false);
  expect(notifyServiceManager('READY=1', `/${'x'.repeat(120)}`)).toBe(false);
});
