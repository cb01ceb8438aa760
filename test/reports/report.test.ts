import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportPage } from '../../scripts/build-report-page.mjs';
import { alertRecord } from '../../src/alerts/records.ts';
import type { LogRecord } from '../../src/logs/record.ts';
import { SCHEMAS } from '../../src/output/schema.ts';
import { csvReport } from '../../src/reports/csv-report.ts';
import { htmlReport } from '../../src/reports/html-report.ts';
import { jsonReport } from '../../src/reports/json-report.ts';
import { reportOf } from '../../src/reports/read-logs.ts';
import type { HostRow } from '../../src/reports/report.ts';
import { textReport } from '../../src/reports/text-report.ts';
import {
  BEGIN,
  conversationRecord,
  hourRecord,
  jsonLog,
  type MadeConversation,
  madeConversations,
  textLog,
} from '../support/report-logs.ts';

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

interface Asked {
  from?: number;
  to?: number;
  limit?: number;
  capacity?: number;
}

async function read(paths: readonly string[], { from, to, limit = 0, capacity }: Asked = {}) {
  const options = { from: from ?? null, to: to ?? null, limit, capacity, onProgress: () => undefined };
  return reportOf(paths, options);
}

async function json(paths: readonly string[], asked?: Asked) {
  return JSON.parse([...jsonReport(await read(paths, asked))].join(''));
}

const isFinal = (made: MadeConversation): boolean => conversationRecord(made).facts.final === true;

function sumBy(made: readonly MadeConversation[], entries: (each: MadeConversation) => [string, number][]) {
  const sums: Record<string, number> = {};
  for (const each of made) for (const [key, value] of entries(each)) sums[key] = (sums[key] ?? 0) + value;
  return sums;
}

const bytesOf = ({ bytes }: MadeConversation): number => bytes[0] + bytes[1];

describe('a report', () => {
  it('says what a slow count over the same records says', async () => {
    const made = madeConversations(1500, 7);
    const final = made.filter(isFinal);
    const report = await json([file('x.log', textLog(made.map(conversationRecord)))]);
    const total = final.reduce((sum, each) => sum + bytesOf(each), 0);
    expect(report.totals).toMatchObject({ conversations: final.length, bytes: total });
    const column = (rows: Record<string, number>[], name: string, value: string) =>
      Object.fromEntries(rows.map((row) => [row[name], row[value]]).filter(([, each]) => each !== 0));
    expect(column(report.sources.rows, 'address', 'sentBytes')).toEqual(
      sumBy(final, ({ endpoints, bytes }) => endpoints.map(({ address }, side) => [address, bytes[side]])),
    );
    expect(column(report.destinations.rows, 'address', 'receivedPackets')).toEqual(
      sumBy(final, ({ endpoints, packets }) => endpoints.map(({ address }, side) => [address, packets[1 - side]])),
    );
    expect(column(report.protocols.rows, 'name', 'bytes')).toEqual(
      sumBy(final, (each) => [[each.protocol, bytesOf(each)]]),
    );
    expect(column(report.interfaces.rows, 'name', 'conversations')).toEqual(
      sumBy(final, (each) => [[each.interface, 1]]),
    );
    const ports = report.ports.rows.map((row: Record<string, unknown>) => [`${row.protocol}/${row.port}`, row.bytes]);
    expect(Object.fromEntries(ports)).toEqual(
      sumBy(final, (each) =>
        each.endpoints[1].port === null ? [] : [[`${each.protocol}/${each.endpoints[1].port}`, bytesOf(each)]],
      ),
    );
    for (const table of ['hours', 'days', 'conversations', 'protocols', 'interfaces'] as const) {
      const rows = report[table].rows ?? report[table];
      expect(
        rows.reduce((sum: number, row: { bytes: number }) => sum + row.bytes, 0),
        table,
      ).toBe(total);
    }
    expect(report.sources.rows[0].sentBytes).toBeGreaterThanOrEqual(report.sources.rows[1].sentBytes);
  });

  it('is the same of a text log and of a JSON log', async () => {
    const records = [
      ...madeConversations(400).map(conversationRecord),
      hourRecord({ time: BEGIN + 1800, seconds: 1800, packets: 5, bytes: 500, dropped: 2, malformed: 1 }),
    ];
    const text = await json([file('x.log', textLog(records))]);
    const same = await json([file('y.log', jsonLog(records))]);
    expect(text.totals.droppedByKernel).toBe(2);
    expect({ ...same, input: null }).toEqual({ ...text, input: null });
  });

  it('counts what begins at --from and not what comes at --to, and halves add up to the whole', async () => {
    const made = madeConversations(1000, 3);
    const path = file('x.log', textLog(made.map(conversationRecord)));
    const border = Math.floor(made[500].time);
    const [whole, before, after] = await Promise.all([
      json([path]),
      json([path], { to: border }),
      json([path], { from: border }),
    ]);
    const final = made.filter(isFinal);
    expect(before.totals.conversations).toBe(final.filter(({ time }) => Math.floor(time) < border).length);
    expect(before.totals.bytes + after.totals.bytes).toBe(whole.totals.bytes);
    expect(after.totals.bytes).toBeGreaterThan(0);
    expect(before.lastRecord < after.firstRecord).toBe(true);
  });

  it('takes busy hours from hourly records, and where there are none from the ends of conversations', async () => {
    const made = madeConversations(180).filter(isFinal);
    const full = Math.ceil(BEGIN / 3600) * 3600;
    const hour = hourRecord({ time: full + 0.2, seconds: 3569.7, packets: 77, bytes: 9_000_000_000, dropped: 0 });
    const report = await json([file('x.log', textLog([...made.map(conversationRecord), hour]))]);
    const [first, second] = report.hours;
    expect(first).toMatchObject({ measured: true, bytes: 9_000_000_000, packets: 77 });
    expect(second.measured).toBe(false);
    expect(second.bytes).toBe(second.ended.bytes);
    expect(report.busiestHours.rows[0]).toEqual(first);
  });

  it('joins both directions of a conversation, whoever was seen first', async () => {
    const [a, b] = [
      { address: '10.0.0.1', port: 50_000 },
      { address: '10.0.0.2', port: 443 },
    ];
    const one = { ...madeConversations(1)[0], event: 'reset', words: 'Connection reset', protocol: 'tcp' } as const;
    const made: MadeConversation[] = [
      { ...one, endpoints: [b, a], packets: [1, 2], bytes: [10, 20] },
      { ...one, time: one.time + 60, endpoints: [a, b], packets: [3, 4], bytes: [300, 400] },
    ];
    const report = await json([file('x.log', textLog(made.map(conversationRecord)))]);
    expect(report.conversations.rows).toHaveLength(1);
    expect(report.conversations.rows[0]).toMatchObject({
      from: b,
      to: a,
      conversations: 2,
      bytes: 730,
      sentBytes: 410,
      receivedBytes: 320,
      sentPackets: 5,
    });
    // The reply came first, once: the port is that of the service both times.
    expect(report.ports.rows).toMatchObject([{ protocol: 'tcp', port: 443, bytes: 730 }]);
  });

  it('counts a conversation of a host with itself once', async () => {
    const one = { ...madeConversations(1)[0], event: 'reset', words: 'Connection reset', protocol: 'tcp' } as const;
    const address = '127.0.0.1';
    const made: MadeConversation = {
      ...one,
      endpoints: [50_000, 443].map((port) => ({ address, port })) as MadeConversation['endpoints'],
      packets: [1, 2],
      bytes: [10, 20],
    };
    const { sources, destinations } = await json([file('x.log', textLog([conversationRecord(made)]))]);
    for (const { rows } of [sources, destinations]) {
      expect(rows).toMatchObject([{ address, sentBytes: 30, receivedBytes: 30 }]);
      expect(rows).toMatchObject([{ conversationsFrom: 1, conversationsTo: 0 }]);
    }
  });

  it('counts what was dropped once, whatever records say it', async () => {
    const hour = (n: number, dropped: number): LogRecord =>
      hourRecord({ time: BEGIN + n * 3600, seconds: 3600, packets: 1, bytes: 1, dropped });
    const stopped = (time: number, seconds: number, dropped: number): LogRecord => {
      const record = hourRecord({ time, seconds, packets: 9, bytes: 9, dropped });
      const fields = ['******** IP traffic monitor stopped ********', ...record.fields];
      const total = fields.map((field) => field.replace('hour of', 'total of'));
      return { ...record, hour: undefined, event: 'stopped', fields: total };
    };
    const begin = conversationRecord({ ...madeConversations(1)[0], time: BEGIN });
    const run = [begin, hour(1, 5), hour(2, 0), hour(3, 7), stopped(BEGIN + 3 * 3600 + 60, 3 * 3600 + 60, 13)];
    const next = [hour(5, 100), stopped(BEGIN + 5 * 3600 + 1, 3600, 100)];
    const report = await json([file('x.log', textLog([...run, ...next]))]);
    expect(report.totals.droppedByKernel).toBe(113);
    // The part that begins in the middle of a run does not know what was before it.
    const tail = await json([file('y.log', textLog(run.slice(2)))]);
    expect(tail.totals.droppedByKernel).toBe(7);
    expect(report.losses).toMatchObject([{ interface: 'eth0', droppedByKernel: 113 }]);
  });

  it('says how often alerts began and how long they lasted', async () => {
    const fact = {
      type: 'alert',
      since: BEGIN,
      alert: 'drops>0',
      measure: 'drops',
      subject: 'all',
      value: 3,
      limit: 0,
      unit: 'packets',
    } as const;
    const records = [
      alertRecord({ ...fact, state: 'started', time: BEGIN }),
      alertRecord({ ...fact, state: 'ended', time: BEGIN + 30 }),
      alertRecord({ ...fact, state: 'started', time: BEGIN + 100 }),
    ];
    const report = await json([file('x.log', textLog(records))]);
    expect(report.alerts.rows).toMatchObject([{ alert: 'drops>0', subject: 'all', times: 2, seconds: 30, isOn: true }]);
    expect(report.days[0].alerts).toBe(2);
  });

  it('says its bounds where there are more hosts than it can tell apart', async () => {
    const made = madeConversations(3000, 11).filter(isFinal);
    const spread = made.map((each, i) => ({
      ...each,
      endpoints: [{ address: `172.${i % 250}.${i % 199}.${i % 101}`, port: null }, each.endpoints[1]],
    })) as MadeConversation[];
    const path = file('x.log', textLog(spread.map(conversationRecord)));
    const [exact, bounded] = await Promise.all([json([path]), json([path], { capacity: 300 })]);
    expect(exact.sources).toMatchObject({ mayLack: 0, total: exact.sources.rows.length });
    expect(bounded.sources.total).toBeNull();
    expect(bounded.sources.mayLack).toBeGreaterThan(0);
    expect(bounded.totals).toEqual(exact.totals);
    const weight = (row: HostRow): number => row.sentBytes + row.receivedBytes;
    const found = new Map<string, HostRow>(bounded.sources.rows.map((row: HostRow) => [row.address, row]));
    const wrong = (exact.sources.rows as HostRow[]).filter((row) => {
      const near = found.get(row.address);
      if (near === undefined) return weight(row) > bounded.sources.mayLack;
      return weight(row) < weight(near) || weight(row) - weight(near) > near.mayLack;
    });
    expect(wrong).toEqual([]);
    const text = [...textReport(await read([path], { limit: 10, capacity: 300 }))].join('');
    expect(text).toContain('may be short by');
  });
});

describe('the forms of a report', () => {
  const hostile = (): LogRecord[] => {
    const nasty = '</script><img src=x onerror=alert(1)>"\'&\u001b[2J';
    const made = madeConversations(300).map((each) => ({ ...each, interface: nasty }));
    return [
      ...made.map(conversationRecord),
      { ...conversationRecord(made[0]), event: 'error', fields: [`error: ${nasty}`], facts: { message: nasty } },
    ];
  };

  it('JSON fits the published schema, with and without records', async () => {
    const validate = new Ajv({ allErrors: true }).compile(SCHEMAS['report.json']);
    const empty = await json([file('empty.log', '')]);
    const full = await json([file('x.log', jsonLog(hostile())), join(folder, 'missing.log')], { from: 0, to: 4e9 });
    for (const report of [empty, full]) {
      validate(report);
      expect(validate.errors).toBeNull();
    }
    expect(empty.totals.droppedByKernel).toBeNull();
    expect(full.errors.count).toBe(1);
  });

  it('text fits in 80 columns and shows no control character', async () => {
    const report = await read([file('x.log', jsonLog(hostile()))], { limit: 10 });
    const text = [...textReport(report)].join('');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    for (const title of ['TOP SOURCES', 'TOP DESTINATIONS', 'TOP PORTS', 'PROTOCOLS', 'TOP CONVERSATIONS']) {
      expect(text).toContain(title);
    }
  });

  it('CSV has one header line and as many fields in each record', async () => {
    const report = await read([file('x.log', textLog(madeConversations(300).map(conversationRecord)))], { limit: 5 });
    const lines = [...csvReport(report)].join('').trimEnd().split('\n');
    const width = lines[0].split(',').length;
    for (const line of lines) expect(line.split(',')).toHaveLength(width);
    expect(lines.filter((line) => line.startsWith('source,'))).toHaveLength(5);
    const total = lines.find((line) => line.startsWith('total,'))?.split(',') ?? [];
    expect(Number(total[lines[0].split(',').indexOf('bytes')])).toBe(report.totals.bytes);
  });

  it('the page has everything inside, lets nothing else run, and shows hostile names as letters', async () => {
    const parts = file('report-page.json', await reportPage());
    const report = await read([file('x.log', jsonLog(hostile()))], { limit: 10 });
    const page = [...htmlReport(report, parts)].join('');
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'/);
    const { createHash } = await import('node:crypto');
    const scripts = [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
    expect(scripts.map(([, attributes]) => attributes)).toEqual([' type="application/json" id="data"', '']);
    expect(policy).toContain(createHash('sha256').update(scripts[1][2]).digest('base64'));
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
    const { charts } = JSON.parse(scripts[0][2]);
    expect(charts['chart-hours'].values).toHaveLength(report.hours.length);
    // What is left are tags of ours and text: no reference to anything outside, no element that a log has brought.
    const markup = page.replace(/<script[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>/g, '');
    const tags = [...markup.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*?)(\/?)>/g)];
    expect(tags.filter(([, , , attributes]) => /\b(src|href|on\w+|style)=/.test(attributes))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
    expect(markup).not.toContain('<img');
    expect(markup).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;·[2J');
    const open = tags.filter(([, end, name, , self]) => end === '' && self === '' && name !== 'meta').length;
    expect(open).toBe(tags.filter(([, end]) => end === '/').length);
  });

  it('the page of an empty log has no charts and says so in words', async () => {
    const parts = file('report-page.json', await reportPage());
    const page = [...htmlReport(await read([file('empty.log', '')]), parts)].join('');
    expect(page).not.toContain('id="chart-hours"');
    expect(page).toContain('there are no records of conversations that ended');
  });
});
