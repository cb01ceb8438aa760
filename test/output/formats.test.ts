import { describe, expect, it } from 'vitest';
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import type { Endpoint, IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import { MONITOR_ENTRIES } from '../../screens/monitors.ts';
import { CsvFormat, csvField } from '../../src/output/csv.ts';
import { JsonFormat } from '../../src/output/json.ts';
import { monitorOutput, outputFormat } from '../../src/output/monitors.ts';
import { TextFormat } from '../../src/output/text.ts';
import { isoTime } from '../../src/output/time.ts';
import type { OutputFormat } from '../../src/output/writer.ts';
import { expectGolden } from '../support/golden.ts';
import { NOW, otherRows, tcpRows } from '../support/ip-traffic-rows.ts';
import { snapshotHead } from '../support/screens.ts';

const rows = [...tcpRows(), ...otherRows()];
const head = snapshotHead({ time: NOW });

function written(format: OutputFormat<IpTrafficRow>, given: readonly IpTrafficRow[], slice = 4): string {
  let text = format.begin(head, given.length);
  for (let i = 0; i < given.length; i += slice) text += format.rows(given.slice(i, i + slice));
  return text + format.end();
}

/** A reader of RFC 4180 that knows nothing of the writer. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') field = record.push(field) ? '' : '';
    else if (character === '\n') {
      records.push([...record, field]);
      record = [];
      field = '';
    } else field += character;
  }
  return records;
}

describe('JSON lines', () => {
  it('are one line a snapshot, whatever the slices', () => {
    const whole = written(new JsonFormat(ipTrafficOutput), rows, rows.length);
    for (const slice of [1, 2, 7]) expect(written(new JsonFormat(ipTrafficOutput), rows, slice)).toBe(whole);
    expect(whole.indexOf('\n')).toBe(whole.length - 1);
  });

  it('have the fields in the order that is published', () => {
    const snapshot = JSON.parse(written(new JsonFormat(ipTrafficOutput), rows));
    expect(Object.keys(snapshot)).toEqual([
      ...['type', 'schema', 'monitor', 'time', 'elapsedSeconds', 'interface', 'capture', 'totals', 'evicted', 'rows'],
      'rowsTotal',
    ]);
    expect(snapshot).toMatchObject({ type: 'snapshot', schema: 1, monitor: 'ip-traffic', rowsTotal: rows.length });
    expect(snapshot.time).toBe('2026-11-21T02:45:00.000Z');
    expect(snapshot.rows[3]).toMatchObject({ state: 'syn-sent', flags: ['S---', null], window: [64240, null] });
  });

  it('say what a filter lets through, and why the kernel does not narrow', () => {
    const filtered = { filter: 'web', passed: 0.123456, kernelFilterRefusal: '5000 instructions', coverage: null };
    const line = new JsonFormat(ipTrafficOutput).begin({ ...head, capture: { ...head.capture, ...filtered } }, 0);
    expect(JSON.parse(`${line}]}`).capture).toMatchObject(filtered);
  });

  it('begin the rows anew with each snapshot', () => {
    const format = new JsonFormat(ipTrafficOutput);
    expect(written(format, rows)).toBe(written(format, rows));
  });

  it('carry no control characters from interface names of capture files', () => {
    const line = written(new JsonFormat(ipTrafficOutput), [{ ...rows[0], interface: 'e\u009b31m\u202eth' }]);
    expect(JSON.parse(line).rows[0].interface).toBe('e·31m·th');
  });
});

describe('CSV', () => {
  const records = parseCsv(written(new CsvFormat(ipTrafficOutput), rows));

  it('begins with the fields that scripts rely on', () => {
    const start = 'timestamp,interface,protocol,src_ip,dst_ip,src_port,dst_port,bytes';
    expect(written(new CsvFormat(ipTrafficOutput), []).startsWith(`${start},`)).toBe(true);
  });

  it('has one record for each direction that carried packets', () => {
    const directions = rows.flatMap((row) => row.packets.filter((packets) => packets > 0));
    expect(records).toHaveLength(1 + directions.length);
    for (const record of records) expect(record).toHaveLength(records[0].length);
  });

  it('adds up to what the rows hold', () => {
    const column = records[0].indexOf('bytes');
    const sum = records.slice(1).reduce((total, record) => total + Number(record[column]), 0);
    expect(sum).toBe(rows.reduce((total, { ipBytes: [a, b] }) => total + a + b, 0));
  });

  it('gives source and destination of each direction', () => {
    const answers = records.filter((record) => record[3] === '10.77.0.2' && record[5] === '443');
    expect(answers).toHaveLength(1);
    expect(answers[0].slice(0, 9)).toEqual([
      ...['2026-11-21T02:45:00.000Z', 'eth0', 'tcp', '10.77.0.2', '10.77.0.1', '443', '33418', '134201557', '94120'],
    ]);
  });

  it('prints the header once a run', () => {
    const format = new CsvFormat(ipTrafficOutput);
    const text = written(format, rows) + written(format, rows);
    expect(text.match(/^timestamp,/gm)).toHaveLength(1);
  });

  it('quotes commas, quotes and line ends, and leaves unknown empty', () => {
    expect([csvField('a,b'), csvField('say "hi"'), csvField('a\nb'), csvField(null), csvField(0)]).toEqual([
      ...['"a,b"', '"say ""hi"""', '"a\nb"', '', '0'],
    ]);
    const odd = { ...rows[0], interface: 'a,"b"' };
    expect(parseCsv(written(new CsvFormat(ipTrafficOutput), [odd]))[1][1]).toBe('a,"b"');
  });
});

describe('text', () => {
  it('looks as it did', () => {
    expectGolden('ip-traffic-output.txt', written(new TextFormat(ipTrafficOutput), rows, rows.length));
  });

  it('says of a filter what it lets through, where that is known', () => {
    const factsOf = (passed: number | null): string =>
      new TextFormat(ipTrafficOutput).begin({ ...head, capture: { ...head.capture, filter: 'web', passed } }, 0);
    expect(factsOf(0.123)).toContain('  filter web lets 12.3 % through  ');
    expect(factsOf(null)).toContain('  filter web  ');
  });

  it('has as many words in each line as there are titles, in slices too', () => {
    const lines = written(new TextFormat(ipTrafficOutput), rows, 3).trimEnd().split('\n');
    const words = lines.slice(1).map((line) => line.split(/\s+/).length);
    expect(new Set(words).size).toBe(1);
    expect(lines).toHaveLength(2 + rows.length);
  });

  it('prints facts and titles again with each snapshot, and titles without rows', () => {
    const format = new TextFormat(ipTrafficOutput);
    const text = written(format, []) + written(format, rows);
    expect(text.match(/^# /gm)).toHaveLength(2);
    expect(text.match(/^PROTO /gm)).toHaveLength(2);
  });

  it('says of rates that are not known yet that they are not', () => {
    const format = new TextFormat(ipTrafficOutput);
    const totals = { ...head.totals, packetsPerSecond: null, bytesPerSecond: null, wireBytesPerSecond: null };
    expect(format.begin({ ...head, totals }, 1)).toContain('  bit/s unknown  ');
    const [, line] = format.rows([{ ...rows[0], bytesPerSecond: [null, null] }]).split('\n');
    expect(line).toMatch(/ - +-$/);
  });

  it('shows bytes and rates of whole frames where they are asked for', () => {
    const one = { ...rows[0], wireBytes: [1001, 1002], wireBytesPerSecond: [10, 20] } as IpTrafficRow;
    const [facts, titles, line] = written(new TextFormat(ipTrafficOutput, 'wire'), [one]).split('\n');
    const wanted = ['BYTES_SENT', 'BYTES_RECV', 'BITS/S_SENT', 'BITS/S_RECV'];
    const places = wanted.map((title) => titles.split(/ +/).indexOf(title));
    expect(places.map((place) => line.split(/ +/)[place])).toEqual(['1001', '1002', '80', '160']);
    expect(facts).toContain(`  wire bit/s ${Math.round((head.totals.wireBytesPerSecond ?? 0) * 8)}  `);
  });

  it.each(MONITOR_ENTRIES.filter(({ monitor }) => monitor !== 'packet-sizes').map(({ monitor }) => monitor))(
    'of %s goes by the kind of bytes',
    (monitor) => {
      const counts = { packets: 1, ipPackets: 1, ipBytes: 111_111, wireBytes: 222_222 };
      const rates = { packetsPerSecond: 1, bytesPerSecond: 1, wireBytesPerSecond: 1 };
      const both = { ...counts, ...rates };
      const row = new Proxy({} as Record<string, unknown>, {
        get: (_, field) => {
          if (field === 'ipBytes') return [111_111, 111_111];
          if (field === 'wireBytes') return [222_222, 222_222];
          if (['total', 'incoming', 'outgoing', 'to', 'from', 'in', 'out'].includes(String(field))) return both;
          return { rates: { total: rates, incoming: rates, outgoing: rates } }[String(field)] ?? null;
        },
      });
      const columns = monitorOutput(monitor).textColumns.filter(({ title }) => title.startsWith('BYTES'));
      expect(columns.length).toBeGreaterThan(1);
      for (const { title, read } of columns) expect([title, read(row, 'wire')]).toEqual([title, '222222']);
      for (const { title, read } of columns) expect([title, read(row, 'ip')]).toEqual([title, '111111']);
    },
  );

  it('lets no escape sequence through', () => {
    const row = { ...rows[0], interface: '\u001b[31m evil' };
    expect(written(new TextFormat(ipTrafficOutput), [row])).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

it('names fill what is not named yet', () => {
  const [row] = tcpRows();
  row.endpoints[1].name = 'known.example';
  ipTrafficOutput.nameRows?.([row], (address) => ({ name: `host-${address}`, origin: 'observed-tls' }));
  const { endpoints } = ipTrafficOutput.json(row) as { endpoints: Endpoint[] };
  expect(endpoints.map(({ name, nameSource }) => [name, nameSource])).toEqual([
    ['host-10.77.0.1', 'observed-tls'],
    ['known.example', null],
  ]);
});

it('times that ISO 8601 cannot write with four digits are unknown', () => {
  expect([isoTime(0), isoTime(1e12), isoTime(-1e12), isoTime(Number.NaN), isoTime(null)]).toEqual([
    ...['1970-01-01T00:00:00.000Z', null, null, null, null],
  ]);
});

it('there are formats for every monitor that the front lists', () => {
  expect(outputFormat('ip-traffic', 'csv')).toBeInstanceOf(CsvFormat);
  for (const { monitor } of MONITOR_ENTRIES) expect(outputFormat(monitor, 'json')).toBeInstanceOf(JsonFormat);
});
