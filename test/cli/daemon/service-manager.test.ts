import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServiceManager } from '../../../src/cli/daemon/service-manager.ts';
import { NotifySocket } from '../../support/notify-socket.ts';

let tests = 0;
/** Each test its own: what the managers of others still say is not heard. */
let name: string;
let socket: NotifySocket;

beforeEach(() => {
  name = `@service-manager-test-${process.pid}-${++tests}`;
  socket = new NotifySocket(name);
});
afterEach(() => socket.close());

function manager(more: Record<string, string> = {}): ServiceManager {
  return ServiceManager.fromEnvironment({ NOTIFY_SOCKET: name, ...more }, 100);
}

it('is told how we are, each time in one datagram', () => {
  const service = manager({ SYSTEMD_EXEC_PID: '100' });
  service.ready('ip-traffic on eth0');
  service.status('12 packets');
  service.stopping();
  expect(socket.received()).toEqual([
    'READY=1\nSTATUS=ip-traffic on eth0',
    'STATUS=12 packets',
    'STOPPING=1\nSTATUS=writing the last records',
  ]);
});

it('is told of a reload with the time on the monotonic clock', () => {
  const before = process.hrtime.bigint() / 1000n;
  manager().reloading();
  const [text] = socket.received();
  const [, microseconds] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=/.exec(text) ?? [];
  expect(BigInt(microseconds)).toBeGreaterThanOrEqual(before);
  expect(BigInt(microseconds)).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
});

it('gets one line of status, whatever is in the text', () => {
  manager().status('eth0\nMAINPID=1');
  expect(socket.received()).toEqual(['STATUS=eth0 MAINPID=1']);
});

it('hears nothing from a process that it did not start itself', () => {
  manager({ SYSTEMD_EXEC_PID: '99' }).ready('x');
  ServiceManager.fromEnvironment({}, 100).ready('x');
  expect(socket.received()).toEqual([]);
});

it('that is gone is no trouble', () => {
  const service = manager();
  socket.close();
  expect(() => service.status('x')).not.toThrow();
  socket = new NotifySocket(name);
});

it('is no longer in the environment of what we start', () => {
  const environment = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '1000', WATCHDOG_PID: '100', PATH: '/bin' };
  ServiceManager.fromEnvironment(environment, 100);
  expect(environment).toEqual({ PATH: '/bin' });
});

it('hears that we are alive until we are not', async () => {
  const service = manager({ WATCHDOG_USEC: '60000', WATCHDOG_PID: '100' });
  let answer: () => Promise<boolean> = async () => true;
  service.startWatchdog(() => answer());
  const pings = async (least: number): Promise<void> => {
    let count = 0;
    await vi.waitFor(() => {
      count += socket.received().filter((text) => text === 'WATCHDOG=1').length;
      expect(count).toBeGreaterThanOrEqual(least);
    });
  };
  await pings(2);
  const hungInOtherWays = [async () => false, () => Promise.reject<boolean>(new Error('lost'))];
  for (const isAlive of hungInOtherWays) manager({ WATCHDOG_USEC: '60000' }).startWatchdog(isAlive);
  answer = () => new Promise(() => undefined);
  await sleep(30);
  socket.received();
  await sleep(100);
  expect(socket.received()).toEqual([]);
});

it('hears that the last records are being written, although no engine answers any more', async () => {
  const service = manager({ WATCHDOG_USEC: '3000' });
  service.startWatchdog(() => new Promise(() => undefined));
  service.stopping('the end');
  await vi.waitFor(() => expect(socket.received()).toContain('WATCHDOG=1'));
});

it('hears no pings where the watchdog waits for another process', async () => {
  manager({ WATCHDOG_USEC: '3000', WATCHDOG_PID: '99' }).startWatchdog(async () => true);
  await sleep(30);
  expect(socket.received()).toEqual([]);
});
