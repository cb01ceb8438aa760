import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BadSetting,
  portRange,
  portRangeText,
  readDescription,
  readValue,
  type SettingKind,
  type SettingValue,
  stationAddress,
  valueText,
  valueWords,
} from '../../src/store/setting-kinds.ts';
import { SETTINGS } from '../../src/store/settings-table.ts';

const minutes: SettingKind = { type: 'number', whole: false, minimum: 0.1, maximum: 600, unit: 'minutes' };
const theme: SettingKind = { type: 'choice', values: ['blue', 'dark'] };

function refusal(kind: SettingKind, ...words: string[]): string {
  try {
    readValue(kind, words);
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('values as they are typed', () => {
  it.each([
    [{ type: 'switch' }, ['ON'], true],
    [{ type: 'switch' }, ['0'], false],
    [theme, ['dark'], 'dark'],
    [{ type: 'choice', values: [1000, 1024] }, ['1024'], 1024],
    [minutes, [' .5 '], 0.5],
    [{ type: 'file' }, [''], ''],
    [{ type: 'ports' }, ['9000-8000,80', '80'], ['80', '8000-9000']],
    [{ type: 'ports' }, [''], []],
    [{ type: 'stations' }, ['0:1:2:a:B:c=the gate = old', ''], { '00:01:02:0a:0b:0c': 'the gate = old' }],
  ] as [SettingKind, string[], SettingValue][])('%j of %j', (kind, words, value) => {
    expect(readValue(kind, words)).toEqual(value);
  });

  it.each([
    [{ type: 'switch' }, ['maybe'], 'say on or off'],
    [{ type: 'switch' }, ['constructor'], 'say on or off'],
    [theme, ['pink'], 'say one of blue, dark'],
    [theme, ['blue', 'dark'], 'say one of blue, dark'],
    [minutes, ['0'], 'say a number of minutes from 0.1 to 600'],
    [minutes, ['1e2'], 'say a number of minutes from 0.1 to 600'],
    [{ type: 'ports' }, ['0'], '"0" is not a port or a range of ports, as 8000 or 8000-8100'],
    [{ type: 'ports' }, ['80,65536'], '"65536" is not a port or a range of ports, as 8000 or 8000-8100'],
    [{ type: 'stations' }, ['printer'], '"printer" has no "=": say MAC=TEXT'],
    [{ type: 'stations' }, ['02:11=x'], '"02:11" is not a MAC address, as 02:11:22:33:44:55'],
    [{ type: 'stations' }, ['02:11:22:33:44:55='], 'a description has 1 to 60 printable characters'],
  ] as [SettingKind, string[], string][])('%j is not %j', (kind, words, message) => {
    expect(refusal(kind, ...words)).toBe(message);
  });

  it('every default can be written and read again', () => {
    for (const { name, kind, default: value } of SETTINGS) {
      expect(readValue(kind, valueWords(kind, value)), name).toEqual(value);
      expect(valueText(kind, value), name).not.toBe('');
    }
  });

  it('any list of ranges is in one form that reads as itself', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(fc.array(fc.tuple(port, port)), (pairs) => {
        const value = readValue(
          { type: 'ports' },
          pairs.map(([a, b]) => `${a}-${b}`),
        ) as string[];
        expect(readValue({ type: 'ports' }, value)).toEqual(value);
        const wanted = new Set(pairs.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`));
        expect(new Set(value.map((text) => portRange(text)?.join(' ')))).toEqual(wanted);
      }),
    );
  });
});

describe('ports and stations', () => {
  it('takes a range as people write it', () => {
    expect(['8000 - 8100', '8000 to 8100', '8100–8000', '8000-8000', '65535'].map(portRangeText)).toEqual([
      '8000-8100',
      '8000-8100',
      '8000-8100',
      '8000',
      '65535',
    ]);
    expect(['', '-', '8000-', 'http', '08', '1-65536', '1-2-3'].map(portRangeText)).toEqual(Array(7).fill(null));
  });

  it('takes a MAC address as people write it', () => {
    expect(stationAddress(' 02-AA-bb-CC-dd-EE ')).toBe('02:aa:bb:cc:dd:ee');
    expect(stationAddress('2:0:0:0:0:1')).toBe('02:00:00:00:00:01');
    for (const text of ['', '02:11:22:33:44', '02:11:22:33:44:55:66', '02:11:22:33:44:gg', '0211.2233.4455'])
      expect(stationAddress(text)).toBeNull();
  });

  it('takes no control characters into descriptions', () => {
    expect(readDescription(' Büro 3 ')).toBe('Büro 3');
    for (const text of ['', '  ', 'a\x1b[2J', 'a\nb', '\x9b', 'x'.repeat(61)])
      expect(() => readDescription(text)).toThrow(BadSetting);
  });
});
