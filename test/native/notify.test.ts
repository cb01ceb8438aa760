import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { notifyServiceManager } from '../../src/native/notify.ts';
import { AF, bindSocket, closeDescriptor, openSocket, receiveNow, SOCK } from '../../src/native/sockets.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function listen(name: Buffer): number {
  const address = Buffer.alloc(2 + name.byteLength);
  address.writeUInt16LE(AF.unix, 0);
  name.copy(address, 2);
  const fd = openSocket(AF.unix, SOCK.datagram, 0);
  bindSocket(fd, address);
  return fd;
}

function receive(fd: number): string {
  const buffer = Buffer.alloc(100);
  const length = receiveNow(fd, buffer);
  closeDescriptor(fd);
  return buffer.toString('utf8', 0, length);
}

it('sends the state to a socket in the file system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'));
  folders.push(folder);
  const path = join(folder, 'socket');
  const fd = listen(Buffer.from(path));
  expect(notifyServiceManager('READY=1', path)).toBe(true);
  expect(receive(fd)).toBe('READY=1');
});

it('sends the state to an abstract socket', () => {
  const name = `notify-test-${process.pid}`;
  const fd = listen(Buffer.from(`\0${name}`));
  expect(notifyServiceManager('STATUS=watching eth0', `@${name}`)).toBe(true);
  expect(receive(fd)).toBe('STATUS=watching eth0');
});

it('does nothing where no service manager listens', () => {
  expect(notifyServiceManager('READY=1', '')).toBe(false);
  expect(notifyServiceManager('READY=1', `/${'x'.repeat(120)}`)).toBe(false);
});
