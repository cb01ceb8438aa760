import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syslogDatagram } from '../../src/logs/syslog.ts';
import { SYSLOG_FACILITIES } from '../../src/logs/syslog-facilities.ts';
import { LogFolder, logRecord, until } from '../support/log-folder.ts';
import { hasRsyslog, Rsyslog } from '../support/rsyslog.ts';

describe('a syslog datagram', () => {
  it('has the old form with priority, time, tag', () => {
    const seconds = new Date(2026, 10, 1, 2, 45, 9).getTime() / 1000;
    expect(syslogDatagram('local0', 3, 'iptraf-ts[7]', 'text', seconds)).toBe(
      '<131>Nov  1 02:45:09 iptraf-ts[7]: text',
    );
  });
});

describe.skipIf(!hasRsyslog)(`rsyslog${hasRsyslog ? '' : ' (not installed)'}`, { timeout: 60_000 }, () => {
  let folder: LogFolder;
  let rsyslog: Rsyslog;
  beforeEach(async () => {
    folder = new LogFolder();
    rsyslog = new Rsyslog(folder.path);
    await rsyslog.start();
  });
  afterEach(async () => {
    await rsyslog.stop();
    folder.remove();
  });

  const open = (facility: string | null, path: string | null = null) =>
    folder.open({ facility, path, tag: 'iptraf-ts', syslogSocket: rsyslog.socket });
  const texts = (): string[] => rsyslog.messages().map(({ message }) => message.trim());

  it('parses name, pid, message, severity by kind, facility and time', async () => {
    const writer = open('local3');
    const text = 'TCP; eth0; 352940 bytes; from [2001:db8::1]:49744 to 10.0.0.2:80; "100 %" naïve';
    writer.write(logRecord(text));
    for (const event of ['started', 'alert-started', 'alert-ended', 'lost', 'error'] as const) {
      writer.write(logRecord(event, event));
    }
    writer.write({ ...logRecord('sum', 'interval'), hour: '14:00' });
    await writer.close();
    // rsyslogd leaves unread what is in its socket when it is told to stop.
    await until(() => texts().at(-1) === '14:00 sum');
    await rsyslog.stop();
    const messages = rsyslog.messages();
    const shared = { name: 'iptraf-ts', pid: String(process.pid), facility: 'local3' };
    expect(messages[0]).toEqual({ ...shared, severity: 'info', message: ` ${text}`, time: expect.anything() });
    expect(messages.map(({ severity }) => severity)).toEqual([
      'info',
      'notice',
      'warning',
      'notice',
      'err',
      'err',
      'info',
    ]);
    expect(messages.at(-1)?.message.trim()).toBe('14:00 sum');
    for (const message of messages) {
      expect(message).toMatchObject(shared);
      expect(new Date(message.time).getTime() / 1000).toBe(Math.floor(logRecord('').time));
    }
  });

  it('knows every facility by the name that the operator gave', async () => {
    const names = Object.keys(SYSLOG_FACILITIES);
    for (const name of names) {
      const writer = open(name);
      writer.write(logRecord(name));
      await writer.close();
    }
    await until(() => texts().length === names.length);
    await rsyslog.stop();
    expect(rsyslog.messages().map(({ facility }) => facility)).toEqual(names);
  });

  it('gets thousands of records at once, each of them, although its socket holds but a few', async () => {
    const writer = open('local0');
    for (let index = 0; index < 4000; index++) writer.write(logRecord(`line ${index}`));
    await until(() => writer.figures.waiting === 0);
    await writer.close();
    expect(writer.figures).toEqual({ written: 4000, lost: 0, waiting: 0 });
    await until(() => texts().length === 4000);
    await rsyslog.stop();
    expect(texts()).toEqual(Array.from({ length: 4000 }, (_, index) => `line ${index}`));
    expect(folder.warnings).toEqual([]);
  });

  it('may be started anew: records wait for it', async () => {
    const writer = open('local0', folder.file);
    writer.write(logRecord('before'));
    await until(() => texts().length === 1);
    await rsyslog.stop();
    for (let index = 0; index < 100; index++) writer.write(logRecord(`line ${index}`));
    await until(() => folder.warnings.length === 1);
    expect(folder.warnings[0]).toContain(`cannot write log to syslog: nobody listens on ${rsyslog.socket}`);
    await rsyslog.start();
    await until(() => writer.figures.waiting === 0);
    writer.write(logRecord('after'));
    await writer.close();
    await until(() => texts().includes('after'));
    await rsyslog.stop();
    const expected = ['before', ...Array.from({ length: 100 }, (_, index) => `line ${index}`)];
    expect(texts().slice(0, 101)).toEqual(expected);
    expect(texts().slice(101)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^error: 0 lines to syslog were lost since /), 'after']),
    );
    expect(folder.texts().filter((line) => !line.startsWith('error: '))).toEqual([...expected, 'after']);
  });

  it('that stays away too long costs records, which are counted and told here and there', async () => {
    const writer = open('local0', folder.file);
    await rsyslog.stop();
    for (let index = 0; index < 6000; index++) writer.write(logRecord(`line ${index}`));
    const { lost } = writer.figures;
    expect(lost).toBe(1000);
    await rsyslog.start();
    await until(() => texts().some((line) => line.startsWith('error: 1000 lines to syslog were lost since ')));
    await writer.close();
    expect(folder.texts()).toHaveLength(6001);
    expect(folder.texts().at(-1)).toMatch(/^error: 1000 lines to syslog were lost since .*: nobody listens on /);
  });

  it.skipIf(process.getuid?.() !== 0)('hears that a disk is full, and that it is over, also without -f', async () => {
    const disk = join(folder.path, 'disk');
    spawnSync('mkdir', [disk]);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status).toBe(0);
    try {
      const filler = join(disk, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`]);
      const path = join(disk, 'traffic.log');
      const writer = open(null, path);
      writer.write(logRecord('waits'));
      await until(() => texts().length === 1);
      rmSync(filler);
      await until(() => texts().length === 2);
      await writer.close();
      expect(rsyslog.messages()).toMatchObject([
        { name: 'iptraf-ts', pid: String(process.pid), facility: 'daemon', severity: 'err' },
        { facility: 'daemon', severity: 'notice', message: ` log ${path} can be written again: 0 lines are lost` },
      ]);
      expect(texts()[0]).toMatch(/^cannot write log .*\/disk\/traffic\.log: no space left on device /);
      expect(folder.texts(path)).toEqual(['waits', expect.stringMatching(/^error: 0 lines of this log/)]);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
