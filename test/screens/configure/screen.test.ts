import { beforeEach, describe, expect, it } from 'vitest';
import { createConfigure } from '../../../screens/configure/screen.ts';
import type { Reaction, Screen } from '../../../screens/kit/screen.ts';
import { defaultSettings, SETTINGS, type SettingChanges, type Settings } from '../../../src/store/settings-table.ts';
import { expectGolden } from '../../support/golden.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

/** Settings and a stack of screens, with changes carried out as the loop does. */
class Desk {
  current: Settings = defaultSettings();
  readonly changes: SettingChanges[] = [];
  readonly stack: Screen[];

  constructor(settings: SettingChanges = {}) {
    this.current = { ...this.current, ...settings };
    this.stack = [createConfigure(this)];
  }

  get top(): Screen {
    return this.stack[this.stack.length - 1];
  }

  press(...keys: string[]): this {
    for (const key of keys) {
      const reaction = this.top.onKey(key);
      this.#carryOut(reaction.type === 'ignored' && key === 'ESCAPE' ? { type: 'back' } : reaction);
    }
    return this;
  }

  #carryOut(reaction: Reaction): void {
    if (reaction.type === 'open') this.stack.push(reaction.screen);
    else if (reaction.type === 'back') this.stack.pop();
    else if (reaction.type === 'all') for (const each of reaction.reactions) this.#carryOut(each);
    else if (reaction.type === 'change-settings') {
      this.changes.push(reaction.changes);
      this.current = { ...this.current, ...reaction.changes };
    }
  }

  /** Marks a setting through the search, which is then taken back. */
  choose(name: string): this {
    this.press('/', ...name, 'ENTER');
    this.draw();
    const index = SETTINGS.findIndex((line) => line.name === name);
    this.press('ESCAPE', 'HOME', ...Array<string>(index).fill('DOWN'));
    return this;
  }

  draw(width = 80, height = 24): string {
    return drawStack(this.stack, width, height).toText();
  }
}

const CHANGED: SettingChanges = {
  theme: 'dark',
  additionalPorts: ['8000-8100', '9090'],
  stationDescriptions: { '02:11:22:33:44:55': 'printer in the hall', '02:aa:bb:cc:dd:ee': 'core switch, uplink' },
  tcpTimeoutMinutes: 5,
  logFile: '/var/log/iptraf-ts/traffic.log',
};

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

describe.each(SIZES)('at %dx%d', (width, height) => {
  const golden = (name: string, shown: Desk): void =>
    expectGolden(`configure-${name}-${width}x${height}.txt`, shown.draw(width, height));

  it('the settings at their defaults', () => golden('defaults', desk));
  it('settings that differ, the last one marked', () => golden('changed', new Desk(CHANGED).press('END')));
  it('a search', () => golden('search', new Desk(CHANGED).press('/', ...'port')));
  it('a number that is wrong', () =>
    golden('number', desk.choose('tcpTimeoutMinutes').press('ENTER', 'BACKSPACE', 'x')));
  it('the list of ports', () => golden('ports', new Desk(CHANGED).choose('additionalPorts').press('ENTER')));
  it('a station being added', () =>
    golden('station', new Desk(CHANGED).choose('stationDescriptions').press('ENTER', 'a', '0', '2', 'TAB', 'x')));
});

it('fits the smallest screen, and ASCII', () => {
  expectGolden('configure-least-60x12.txt', new Desk(CHANGED).press('END').draw(60, 12));
  const canvas = drawStack(new Desk(CHANGED).stack, 80, 24, { ascii: true });
  expect(canvas.toText()).toMatch(/^[\n -~]*$/);
  expectGolden('configure-ascii-80x24.txt', canvas.toText());
});

describe('the list', () => {
  it('shows every setting, one screen or several', () => {
    const tall = desk.draw(80, 40);
    for (const { label } of SETTINGS) expect(tall).toContain(label);
    const seen = new Set<string>();
    for (const _ of SETTINGS) {
      const text = desk.draw();
      for (const { label } of SETTINGS) if (text.includes(label)) seen.add(label);
      desk.press('DOWN');
    }
    expect(seen.size).toBe(SETTINGS.length);
  });

  it('explains each setting whole at 80x24, with its default and when it holds', () => {
    for (const { label, description, immediate, name } of SETTINGS) {
      const text = desk.choose(name).draw();
      const box = text
        .slice(text.lastIndexOf(`┌ ${label} ─`))
        .split('\n')
        .map((line) => line.replaceAll(/[│┌└]/g, ''));
      const words = box.join(' ').replaceAll(/\s+/g, ' ');
      expect(words, name).toContain(description);
      expect(words, name).toMatch(immediate ? /Default: .*holds at once/ : /Default: .*holds for the next monitor/);
    }
  });

  it('marks what differs from the default', () => {
    const lines = new Desk({ theme: 'dark' }).draw(80, 40).split('\n');
    expect(lines.find((line) => line.includes('Theme'))).toMatch(/• Theme +dark/);
    expect(lines.filter((line) => line.includes('•'))).toHaveLength(2);
    expect(lines.find((line) => line.includes('differs from'))).toContain('• differs from the default');
    expect(desk.draw(80, 40)).not.toContain('•');
  });

  it('says what Enter does', () => {
    expect(desk.choose('reverseDns').top.statusText?.()).toBe('Enter switches it on');
    expect(desk.choose('theme').top.statusText?.()).toBe(
      'Enter takes dark; it can be one of blue, dark, light, monochrome',
    );
    for (const { name } of SETTINGS) expect(desk.choose(name).top.statusText?.()?.length).toBeLessThanOrEqual(78);
  });

  it('finds a setting by name, label, value or explanation, and has all again after Esc', () => {
    desk.press('/', ...'MAC addresses');
    expect(desk.draw()).toContain('Station descriptions');
    expect(desk.draw()).not.toContain('Theme');
    desk.press('ENTER', 'ESCAPE');
    expect(desk.draw()).toContain('Theme');
    desk.press('/', ...'no such thing');
    expect(desk.draw()).toContain('no setting matches the search');
    expect(desk.press('ENTER', 'ENTER', 'd').changes).toEqual([]);
  });

  it('leaves out what must not match, and goes by expressions', () => {
    desk.press('/', ...'port !additional');
    expect(desk.draw()).not.toContain('Additional ports');
    desk.press('CTRL_U', ...'/^theme$/');
    expect(desk.draw()).toMatch(/Search: \/\^theme\$\/ +1 shown, \d+ hidden/);
    desk.press('CTRL_U', ...'port:22');
    expect(desk.draw()).toContain('no port: here');
  });

  it('goes by mouse: a click marks, the wheel scrolls', () => {
    const y = desk
      .draw()
      .split('\n')
      .findIndex((line) => line.includes('Theme'));
    desk.top.onMouse?.({ kind: 'press', x: 20, y });
    expect(desk.press('ENTER').changes).toEqual([{ theme: 'dark' }]);
  });
});

describe('a change', () => {
  it('switches and cycles by Enter, Space and arrows, and shows the new value', () => {
    desk.choose('reverseDns').press('ENTER', ' ', 'LEFT');
    desk.choose('unitBase').press('RIGHT', 'RIGHT', 'LEFT');
    expect(desk.changes).toEqual([
      { reverseDns: true },
      { reverseDns: false },
      { reverseDns: true },
      { unitBase: 1024 },
      { unitBase: 1000 },
      { unitBase: 1024 },
    ]);
    expect(desk.draw()).toMatch(/Reverse DNS lookups +on/);
    expect(desk.choose('theme').press('LEFT').changes.at(-1)).toEqual({ theme: 'monochrome' });
  });

  it('back to the default by d', () => {
    const changed = new Desk(CHANGED);
    changed.choose('tcpTimeoutMinutes').press('d').choose('additionalPorts').press('d');
    expect(changed.draw()).toContain('Delete all of it (');
    expect(changed.changes).toHaveLength(1);
    changed.press('ESCAPE', 'd', 'y');
    expect(changed.changes).toEqual([{ tcpTimeoutMinutes: 15 }, { additionalPorts: [] }]);
  });

  it('of a number is taken when it makes sense, and told what is wrong when not', () => {
    desk.choose('tcpTimeoutMinutes').press('ENTER', 'CTRL_U', '0', 'ENTER');
    expect(desk.changes).toEqual([]);
    expect(desk.draw()).toContain('say a number of minutes from 0.1 to 525600');
    desk.press('CTRL_U', '2', '.', '5', 'ENTER');
    expect(desk.changes).toEqual([{ tcpTimeoutMinutes: 2.5 }]);
    expect(desk.stack).toHaveLength(1);
    expect(desk.draw()).toMatch(/TCP timeout +2\.5 minutes/);
  });

  it('of a file name may be empty', () => {
    const changed = new Desk(CHANGED);
    changed.choose('logFile').press('ENTER', 'CTRL_U', 'ENTER');
    expect(changed.changes).toEqual([{ logFile: '' }]);
  });

  it('left by Esc is none', () => {
    desk.choose('tcpTimeoutMinutes').press('ENTER', '7', 'ESCAPE');
    expect(desk.changes).toEqual([]);
    expect(desk.stack).toHaveLength(1);
  });
});

describe('additional ports', () => {
  it('are added, edited and deleted, each saved at once', () => {
    desk.choose('additionalPorts').press('ENTER');
    expect(desk.draw()).toContain('no additional ports; a adds one');
    desk.press('a', ...'8100 - 8000', 'ENTER');
    desk.press('INSERT', ...'443', 'ENTER');
    expect(desk.changes.at(-1)).toEqual({ additionalPorts: ['443', '8000-8100'] });
    expect(desk.draw()).toMatch(/443 +1 [\s\S]*8000 - 8100 +101 /);
    desk.press('END', 'ENTER', 'CTRL_U', ...'9000', 'ENTER');
    expect(desk.changes.at(-1)).toEqual({ additionalPorts: ['443', '9000'] });
    desk.press('HOME', 'DELETE', 'ESCAPE');
    expect(desk.changes).toHaveLength(3);
    desk.press('DELETE', 'ENTER');
    expect(desk.changes.at(-1)).toEqual({ additionalPorts: ['9000'] });
    desk.press('ESCAPE');
    expect(desk.top.title).toBe('Configure');
  });

  it('are refused where they are no ports, or there already', () => {
    const changed = new Desk(CHANGED);
    changed.choose('additionalPorts').press('ENTER', 'a', ...'70000', 'ENTER');
    expect(changed.draw()).toContain('say a port or a range of ports');
    changed.press('CTRL_U', ...'8100-8000', 'ENTER');
    expect(changed.draw()).toContain('8000-8100 is in the list already');
    expect(changed.changes).toEqual([]);
  });

  it('keep the mark on an entry when others come before it', () => {
    const changed = new Desk({ additionalPorts: ['8000', '9000'] });
    changed.choose('additionalPorts').press('ENTER', 'END', 'a', ...'1024', 'ENTER');
    changed.press('DELETE', 'ENTER');
    expect(changed.changes.at(-1)).toEqual({ additionalPorts: ['1024', '8000'] });
  });
});

describe('station descriptions', () => {
  it('are added with both fields, edited and deleted', () => {
    desk.choose('stationDescriptions').press('ENTER', 'a', ...'02-AA-0-1-2-3', 'TAB', ..."Bob's NIC", 'ENTER');
    expect(desk.changes).toEqual([{ stationDescriptions: { '02:aa:00:01:02:03': "Bob's NIC" } }]);
    desk.press('ENTER', 'TAB', ...' 2', 'ENTER');
    expect(desk.changes.at(-1)).toEqual({ stationDescriptions: { '02:aa:00:01:02:03': "Bob's NIC 2" } });
    desk.press('DELETE');
    expect(desk.draw()).toContain("02:aa:00:01:02:03 (Bob's NIC 2)?");
    expect(desk.press('ENTER').changes.at(-1)).toEqual({ stationDescriptions: {} });
  });

  it('are refused for what is no address, an address that has one, and an empty text', () => {
    const changed = new Desk(CHANGED);
    changed.choose('stationDescriptions').press('ENTER', 'a', ...'02:11', 'ENTER');
    expect(changed.draw()).toMatch(/say a MAC address[\s\S]*a description has 1 to 60/);
    changed.press('CTRL_U', ...'02:11:22:33:44:55', 'TAB', 'x', 'ENTER');
    expect(changed.draw()).toContain('this address has a description already');
    expect(changed.changes).toEqual([]);
  });
});
