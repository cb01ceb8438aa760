import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIRECTIVE_NAMES, readDirectives } from '../../../src/cli/iftop/directives.ts';

const read = (...lines: string[]) => readDirectives(lines.join('\n'), 'rc');
const settings = (...lines: string[]) => {
  const { settings: found, warnings } = read(...lines);
  expect(warnings).toEqual([]);
  return found;
};

describe('directives', () => {
  it.each([
    ['interface: eth1', { interfaces: ['eth1'] }],
    ['dns-resolution: no', { names: false }],
    ['port-resolution: false', { services: false }],
    ['filter-code: port 80 or port 443', { expression: 'port 80 or port 443' }],
    ['filter-code: ether host 02:00:00:00:00:01', { expression: 'ether host 02:00:00:00:00:01' }],
    ['show-bars: no', { bars: false }],
    ['promiscuous: yes', { promiscuous: true }],
    ['port-display: destination-only', { portDisplay: 'destination-only' }],
    ['link-local: yes', { linkLocal: true }],
    ['hide-source: true', { hideSource: true }],
    ['hide-destination: on', { hideDestination: true }],
    ['use-bytes: yes', { unit: 'bytes' }],
    ['bandwidth-unit: packets', { unit: 'packets' }],
    ['sort: 40s', { sort: 'rate-40s' }],
    ['line-display: one-line-sent', { lineDisplay: 'one-line-sent' }],
    ['show-totals: yes', { showTotals: true }],
    ['log-scale: yes', { logScale: true }],
    ['max-bandwidth: 10M', { scaleMaximum: 10 * 1024 ** 2 }],
    ['screen-filter: ^web|10\\.', { screenFilter: '^web|10\\.' }],
    ['timed-output: 30', { reportSeconds: 30 }],
    ['no-curses: yes', { text: true }],
    ['num-lines: 0', { lines: 0 }],
  ])('%s', (line, expected) => {
    expect(settings(line)).toEqual(expected);
  });

  it('name networks', () => {
    const { network, network6 } = settings('net-filter: 10.0.0.0/8', 'net-filter6: fd00::/8');
    expect([network?.family, network6?.family]).toEqual([4, 6]);
  });

  it('are read with comments, odd spacing, any line ends, in any case and without an end of line', () => {
    const text =
      '\uFEFF# mine\r\n\r\n  \tShow-Bars  :no   # they are wide\rlog-scale:yes\n#sort: 2s\n   sort :  source';
    expect(readDirectives(text, 'rc')).toEqual({
      settings: { bars: false, logScale: true, sort: 'source' },
      warnings: [],
    });
  });

  it('that cannot be used are named with their line, and the rest holds', () => {
    expect(
      read(
        'show-bars: maybe',
        'colour: red',
        'no colon here',
        'sort: sideways',
        'screen-filter: (',
        'net-filter: 10.0.0.0/40',
        'interface:',
        'log-scale: yes',
        'constructor: yes',
        'log-scale: no',
      ),
    ).toEqual({
      settings: { logScale: false },
      warnings: [
        'rc line 1: show-bars: neither yes nor no: it is left out',
        'rc line 2: there is no directive colour: it is left out',
        'rc line 3: not of the form "name: value": it is left out',
        'rc line 4: sort: not one of 2s, 10s, 40s, source, destination: it is left out',
        'rc line 5: screen-filter: not a regular expression: it is left out',
        'rc line 6: net-filter: not an IPv4 network such as 10.0.0.0/8 or 10.0.0.0/255.0.0.0: it is left out',
        'rc line 7: interface: the value is empty: it is left out',
        'rc line 9: there is no directive constructor: it is left out',
        'rc line 10: log-scale is there again: the last one holds',
      ],
    });
  });

  it('are named up to ten: a file that is something else fills no screen', () => {
    const { warnings } = read(...Array.from({ length: 500 }, (_, i) => `line${i}`));
    expect(warnings).toHaveLength(11);
    expect(warnings[10]).toBe('rc: 490 more lines that cannot be used');
  });

  it('never say in a warning what stands in a file that is no file of directives', () => {
    const secret = [
      'root:$6$hunter2:19000:::',
      'PASS WORD = hunter2: x',
      'hunter2',
      'a_token_hunter2: 1',
      'sort: hunter2',
    ];
    expect(read(...secret).warnings.join('\n')).not.toContain('hunter2');
  });

  it('never throw, whatever stands in the file', () => {
    const name = fc.constantFrom(...DIRECTIVE_NAMES);
    const line = fc.oneof(
      fc.string(),
      fc.tuple(name, fc.string()).map(([each, value]) => `${each}: ${value}`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { warnings } = read(...lines);
        for (const warning of warnings) expect(warning).toMatch(/^rc( line \d+: |: \d+ more)/);
      }),
    );
  });
});
