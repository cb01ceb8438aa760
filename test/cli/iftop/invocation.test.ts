import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_PAIRS_VIEW } from '../../../screens/host-pairs/view.ts';
import type { IftopDoor } from '../../../src/cli/door.ts';
import { iftopInvocation } from '../../../src/cli/iftop/invocation.ts';
import type { OptionValues } from '../../../src/cli/option-values.ts';

let folder: string;
let file: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iftop-'));
  file = join(folder, 'rc');
  writeFileSync(file, '');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** With a file of settings of its own, so that this machine's plays no part. */
function invoke(line: string, directives = ''): { values: OptionValues; door: IftopDoor } {
  writeFileSync(file, directives);
  const argv = ['-c', file, ...line.split(' ').filter((word) => word !== '')];
  const { values, door, command } = iftopInvocation(argv, (warning) => warnings.push(warning));
  expect(command).toBeNull();
  return { values, door: door as IftopDoor };
}

describe('the door of iftop', () => {
  it('watches the default interface with names, in bits, and shows pairs by their 10 s average', () => {
    const { values, door } = invoke('');
    expect(values).toMatchObject({ pairs: [''], names: true, text: false, json: false, promiscuous: false });
    expect(door).toEqual({
      name: 'iftop',
      view: { ...DEFAULT_PAIRS_VIEW, showNames: true, showServices: true },
      pairs: { quantity: 'ipBytes', networks: [], crossingOnly: false, linkLocal: false },
      unit: 'bits',
      expression: null,
      text: { afterSeconds: null, lines: 10 },
    });
  });

  it('shows ports and hides hosts on either side', () => {
    const { door } = invoke('', 'port-display: source-only\nhide-destination: yes');
    expect(door.view.grouping).toMatchObject({
      ours: { ports: true, hidden: false },
      theirs: { ports: false, hidden: true },
    });
    expect(invoke('-P').door.view.grouping).toMatchObject({ ours: { ports: true }, theirs: { ports: true } });
  });

  it('counts packets where they are asked for, and only what crosses the border of a given network', () => {
    const { door } = invoke('-u packets -F 10.0.0.0/8 -G fd00::/8 -l');
    expect(door.unit).toBe('packets');
    expect(door.pairs).toMatchObject({ quantity: 'packets', crossingOnly: true, linkLocal: true });
    expect(door.pairs.networks.map(({ family }) => family)).toEqual([4, 6]);
  });

  it('prints reports', () => {
    const { values, door } = invoke('-t -s 12 -L 0');
    expect(values.text).toBe(true);
    expect(door.text).toEqual({ afterSeconds: 12, lines: 0 });
    const above = invoke('-t -s 0 -L 1M').door;
    expect(above.text).toEqual({ afterSeconds: null, lines: 10 });
    expect(above.view.threshold).toBe(1024 ** 2);
  });

  it('hands rows, time and order to output for programs', () => {
    expect(invoke('--json -L 5 -s 3 -o source -n').values).toMatchObject({
      ...{ json: true, text: false, limit: 5, forSeconds: 3, sort: 'source', names: false },
    });
    expect(invoke('--csv --limit 7 --for 2 --every 0.5 -L 5 -s 3').values).toMatchObject({
      ...{ csv: true, limit: 7, forSeconds: 2, everySeconds: 0.5 },
    });
    // no-curses asks for text where nothing else was asked for.
    expect(invoke('--json', 'no-curses: yes').values).toMatchObject({ json: true, text: false });
  });

  it('reads a file whole', () => {
    expect(invoke('-r x.pcap').values).toMatchObject({ readFile: 'x.pcap', pairs: ['all'] });
    expect(invoke('-r x.pcap', 'interface: eth0').values.pairs).toEqual(['all']);
  });

  it('goes by the file of settings where the command line says nothing', () => {
    const directives = [
      ...[
        'interface: eth1',
        'dns-resolution: no',
        'use-bytes: yes',
        'sort: 40s',
        'max-bandwidth: 10M',
        'no-curses: yes',
      ],
      ...['line-display: one-line-both', 'show-totals: yes', 'log-scale: yes', 'screen-filter: web', 'show-bars: no'],
    ].join('\n');
    const { values, door } = invoke('', directives);
    expect(values).toMatchObject({ pairs: ['eth1'], names: false, text: true });
    expect(door.view).toMatchObject({
      ...{ lines: 'one-line-both', bars: false, scale: 'logarithmic', scaleMaximum: 10 * 1024 ** 2 },
      ...{ showTotals: true, sort: 'rate-40s', screenFilter: 'web', showNames: false, showServices: true },
    });
    expect(door.unit).toBe('bytes');
    const said = invoke('-i eth0 -u bits -o 2s -m 1M', directives);
    expect(said.values.pairs).toEqual(['eth0']);
    expect(said.door.unit).toBe('bits');
    expect(said.door.view).toMatchObject({ sort: 'rate-2s', scaleMaximum: 1024 ** 2, lines: 'one-line-both' });
    expect(warnings).toEqual([]);
  });

  it('says what is wrong in the file of settings, and goes on', () => {
    expect(invoke('', 'shiny: yes\nlog-scale: yes').door.view.scale).toBe('logarithmic');
    expect(warnings).toEqual([`${file} line 1: there is no directive shiny: it is left out`]);
  });

  it('looks into no file for help', () => {
    const { values } = iftopInvocation(['-h', '-c', join(folder, 'missing')], () => undefined);
    expect(values.help).toBe(true);
    expect(() => iftopInvocation(['-c', join(folder, 'missing')], () => undefined)).toThrow(/no such file/);
  });
});
