import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logText } from '../../src/logs/record.ts';
import { reportOf } from '../../src/reports/read-logs.ts';
import { conversationRecord, madeConversations, textLog } from '../support/report-logs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function read(...paths: string[]) {
  return reportOf(paths, { from: null, to: null, limit: 0, onProgress: () => undefined });
}

const records = madeConversations(900, 21)
  .filter((made) => conversationRecord(made).facts.final === true)
  .map(conversationRecord);
const third = Math.ceil(records.length / 3);
const parts = [0, 1, 2].map((i) => textLog(records.slice(i * third, (i + 1) * third)));

describe('files of a report', () => {
  it('are rotated and packed ones in any order, and packed is known by content', async () => {
    const whole = await read(file('whole.log', parts.join('')));
    const set = [file('x.log', parts[2]), file('x.log.2.gz', gzipSync(parts[0])), file('x.log.1', gzipSync(parts[1]))];
    const report = await read(...set);
    expect(report.totals).toEqual(whole.totals);
    expect(report.input).toMatchObject({ files: 3, lines: records.length, damagedLines: 0, skipped: [] });
    expect([...report.sources.rows]).toEqual([...whole.sources.rows]);
  });

  it('are those of a folder; what is no log there is left alone, named it is wrong', async () => {
    mkdirSync(join(folder, 'logs/deeper'), { recursive: true });
    file('logs/a.log', parts[0]);
    file('logs/a.log.1.gz', gzipSync(parts[1]));
    const notes = file('logs/README', 'these are logs\n');
    const report = await read(join(folder, 'logs'));
    expect(report.input.files).toBe(2);
    expect(report.input.skipped).toEqual([{ path: notes, reason: 'it is no log of this program', wrong: false }]);
    expect((await read(notes)).input.skipped[0].wrong).toBe(true);
  });

  it('count once when they are given twice, by another name, or with their packed copy', async () => {
    const path = file('x.log', parts[0]);
    const copy = file('copy.gz', gzipSync(parts[0]));
    const link = join(folder, 'link.log');
    linkSync(path, link);
    const report = await read(path, copy, link, path);
    expect(report.totals.conversations).toBe(third);
    expect(report.input.skipped).toHaveLength(3);
    for (const { reason, wrong } of report.input.skipped) {
      expect(reason).toMatch(/^it (is the same file|has the same records) as /);
      expect(wrong).toBe(false);
    }
  });

  it('that overlap are told: their records are there twice', async () => {
    const report = await read(file('a.log', parts[0] + parts[1]), file('b.log', parts[1]));
    expect(report.input.repeatedRecords).toBe(third);
    expect(report.input.firstRepeated).toBe(`${join(folder, 'b.log')}:1`);
  });

  it.each([
    ['iptraf-ng', 'Sat Nov 21 01:08:14 2026; ******** IP traffic monitor started ********\n', /log of iptraf-ng/],
    ['iptraf-ng', '\n*** TCP/UDP traffic log, generated Sat Nov 21 01:09:15 2026\n\n', /log of iptraf-ng/],
    ['--json', '{"type":"snapshot","schema":1}\n', /output of --json/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /packed with xz/],
    ['noise', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5]), /packed data is damaged/],
    ['noise', 'hello\nworld\n', /no log of this program/],
  ])('of something else (%s) are named as such, and the others are read', async (_, content, reason) => {
    const report = await read(file('foreign.log', content), join(folder, 'missing'), file('x.log', parts[0]));
    expect(report.totals.conversations).toBe(third);
    expect(report.input.skipped.map(({ wrong }) => wrong)).toEqual([true, true]);
    expect(report.input.skipped.some(({ reason: given }) => reason.test(given))).toBe(true);
    expect(report.input.skipped.some(({ reason: given }) => /no such file/.test(given))).toBe(true);
  });

  it('may have damaged lines, which are counted and the first one named', async () => {
    const lines = parts[0].trimEnd().split('\n');
    lines.splice(3, 0, 'x'.repeat(3_000_000), lines[5].slice(0, 90));
    const path = file('x.log', `${lines.join('\n')}\n`);
    const report = await read(path);
    expect(report.totals.conversations).toBe(third);
    expect(report.input).toMatchObject({ damagedLines: 2, firstDamaged: `${path}:4`, lines: third + 2 });
  });

  it('that are still written may end in half a line, which is no damage', async () => {
    const report = await read(file('x.log', parts[0].slice(0, -20)));
    expect(report.totals.conversations).toBe(third - 1);
    expect(report.input).toMatchObject({ damagedLines: 0, unfinishedLines: 1 });
    const just = await read(file('new.log', logText(records[0]).slice(0, 30)));
    expect(just.input).toMatchObject({ damagedLines: 0, unfinishedLines: 1, skipped: [] });
  });

  it('that are cut in the middle of their packing count as far as they go', async () => {
    const packed = gzipSync(parts.join(''));
    const path = file('x.log.gz', packed.subarray(0, packed.length - 2000));
    const report = await read(path);
    expect(report.totals.conversations).toBeGreaterThan(0);
    expect(report.totals.conversations).toBeLessThan(records.length);
    expect(report.input.skipped).toMatchObject([{ path, wrong: true }]);
    expect(report.input.skipped[0].reason).toMatch(/after line \d+: its packed data is damaged/);
  });

  it('are read in pieces, wherever these end', async () => {
    const report = await read(file('x.log', parts.join('').repeat(20)));
    expect(report.input).toMatchObject({ damagedLines: 0, lines: records.length * 20 });
    expect(report.totals.conversations).toBe(records.length * 20);
  });
});
