import { beforeEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../../filters/filter.ts';
import { Desk, OFFICE, QUIET } from './desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

/** What was saved last. */
function saved({ control }: Desk): Filter | undefined {
  const last = control.requests.at(-1);
  return last?.type === 'save' ? last.filter : undefined;
}

describe('the editor', () => {
  it('adds, edits, copies and deletes rules, and saves them in order', async () => {
    await desk.press('DOWN', 'e');
    await desk.press('a', 'TAB', ...'udp', ...Array<string>(5).fill('TAB'), ...'53', 'ENTER');
    expect(desk.draw()).toMatch(/1 +exclude +arp,icmpv6[\s\S]*2 +include +udp to any port 53/);
    await desk.press('c', 'TAB', 'CTRL_U', ...'tcp', 'ENTER', 'HOME', 'd', 'ENTER', 's');
    expect(saved(desk)).toEqual({
      ...QUIET,
      rules: [
        { action: 'include', protocol: 'udp', destination: { port: '53' } },
        { action: 'include', protocol: 'tcp', destination: { port: '53' } },
      ],
    });
    expect(desk.draw()).not.toContain('not saved');
  });

  it('moves rules up and down, the mark with them', async () => {
    await desk.press('e', '+', 'J', 'CTRL_UP', 's');
    expect(saved(desk)?.rules).toEqual([1, 0, 2, 3].map((k) => OFFICE.rules[k]));
    await desk.press('-', '-', '-', 's');
    expect(saved(desk)?.rules).toEqual(OFFICE.rules);
  });

  it('says in words what happens to the rest, and turns it', async () => {
    await desk.press('e');
    expect(desk.draw()).toContain('dropped, since a rule includes');
    await desk.press('r');
    expect(desk.draw()).toContain('are dropped: you chose so');
    await desk.press('r', 's');
    expect(desk.draw()).toContain('are kept: you chose so');
    expect(saved(desk)?.unmatched).toBe('keep');
    await desk.press('r', 's');
    expect(saved(desk)).toEqual(OFFICE);
  });

  it('renames; the one that is opened is replaced', async () => {
    await desk.press('e', 'n', ...' lan', 'TAB', 'CTRL_U', 'ENTER', 's');
    expect(desk.control.requests).toEqual([
      {
        type: 'save',
        filter: { ...OFFICE, name: 'office lan', description: '' },
        replaces: 'office',
        opened: OFFICE,
      },
    ]);
    await desk.press('n', 'CTRL_U', ...'quiet', 'ENTER');
    expect(desk.draw()).toContain('there is a filter of that name');
  });

  it('makes an own filter of a ready-made one, and says so', async () => {
    await desk.press('END', 'e');
    expect(desk.draw()).toContain('saving makes a filter of your own in its place');
    await desk.press('d', 'ENTER', 's');
    expect(desk.control.requests).toMatchObject([{ type: 'save', filter: { name: 'web' }, replaces: null }]);
    // Saved again, it is the stored one that is replaced.
    await desk.press('r', 's');
    expect(desk.control.requests.at(-1)).toMatchObject({ replaces: 'web', opened: { rules: [{ protocol: 'udp' }] } });
  });

  it('applies what stands there without saving it', async () => {
    await desk.press('e', 'd', 'ENTER', 't');
    expect(desk.control.requests).toEqual([{ type: 'apply', filter: { ...OFFICE, rules: OFFICE.rules.slice(1) } }]);
    expect(desk.draw()).toMatch(/\(not saved\)[\s\S]*office \(applied now\)/);
    await desk.press('ESCAPE');
    expect(desk.draw()).toMatch(/changed and is not saved[\s\S]*stays applied until another/);
  });

  it('does not save or apply what cannot be used, and says what is wrong', async () => {
    const broken = new Desk([{ ...QUIET, rules: [...QUIET.rules, { action: 'include', destination: { port: 'x' } }] }]);
    await broken.press('e', 's');
    expect(broken.draw()).toContain('rule 2, destination port: x is no port');
    await broken.press('ENTER', 't');
    expect(broken.control.requests).toEqual([]);
  });

  it('keeps what was typed when it cannot be saved', async () => {
    await desk.press('e', 'd', 'ENTER');
    desk.control.refusal = 'no space left on device';
    await desk.press('s');
    expect(desk.failure).toContain('no space left');
    expect(desk.draw()).toContain('Filter office (not saved)');
  });
});

describe('leaving the editor', () => {
  it('goes without a question where nothing was changed', async () => {
    await desk.press('e', '+', '-', 'ESCAPE');
    expect(desk.draw()).toContain('iptraf-ts 0.1.0  Filters');
    expect((await desk.press('e', 'x')).left).toBe(true);
  });

  it.each(['ESCAPE', 'q', 'x', 'CTRL_C'])('asks after %s where something was: save, discard, go on', async (key) => {
    const isOut = (): boolean => desk.left || desk.stack.length === 1;
    await desk.press('e', '+', key);
    expect(desk.draw()).toContain('The filter office was changed and is not saved');
    await desk.press('ESCAPE');
    expect(desk.draw()).toContain('Filter office (not saved)');
    await desk.press(key, 'd');
    expect(isOut()).toBe(true);
    expect(desk.control.requests).toEqual([]);
    desk = new Desk();
    await desk.press('e', '+', key, 'ENTER');
    expect(saved(desk)?.rules[0]).toEqual(OFFICE.rules[1]);
    expect(isOut()).toBe(true);
  });

  it('stays when it cannot be saved', async () => {
    desk.control.refusal = 'no space left on device';
    await desk.press('e', '+', 'x', 'ENTER');
    expect(desk.left).toBe(false);
    expect(desk.draw()).toContain('Filter office (not saved)');
  });

  it('asks also for a new filter that has nothing in it yet', async () => {
    await desk.press('n', ...'mine', 'ENTER', 'ESCAPE');
    expect(desk.draw()).toContain('mine was changed and is not saved');
  });
});

describe('the rule form', () => {
  it('takes every field over, and shows them again', async () => {
    await desk.press('e', 'DOWN', 'DOWN', 'ENTER', ' ', 'ENTER', 's');
    expect(saved(desk)?.rules[2]).toEqual({ ...OFFICE.rules[2], action: 'exclude' });
    await desk.press('ENTER', ' ', 'ENTER', 'END', 'ENTER', 'ENTER', 'HOME', 'DOWN', 'ENTER', 'ENTER', 's');
    expect(saved(desk)).toEqual(OFFICE);
  });

  it('says beside a field what is wrong as it is typed, and is not taken over so', async () => {
    await desk.press('DOWN', 'e', 'a', 'TAB', ...'tc');
    expect(desk.draw()).toMatch(/Protocol +tc +tc is no /);
    await desk.press('p');
    expect(desk.draw()).toMatch(/Protocol +tcp +│/);
    await desk.press('TAB', ...'10.0.0.0/40', 'ENTER');
    expect(desk.draw()).toMatch(/New rule 2 of quiet[\s\S]*10\.0\.0\.0\/40 +after \/ comes/);
    await desk.press('BACKSPACE', 'BACKSPACE', '8', 'ENTER', 's');
    expect(saved(desk)?.rules[1]).toEqual({ action: 'include', protocol: 'tcp', source: { address: '10.0.0.0/8' } });
  });

  it('says what fields cannot hold together', async () => {
    await desk.press('e', 'END', 'ENTER', 'TAB', ...'udp');
    expect(desk.draw()).toMatch(/Expression +tcp\[13\][^\n]*stands alone/);
  });

  it('explains the field in focus and shows the rule as text', async () => {
    await desk.press('e', 'a');
    expect(desk.draw()).toContain('exclude: they are dropped');
    await desk.press('TAB', ...'udp', 'TAB', 'TAB');
    expect(desk.draw()).toMatch(/Ports and ranges: 80,443[\s\S]*│ include udp +│/);
  });

  it('turns choices by Space, arrows and letters', async () => {
    await desk.press('e', 'a', 'e');
    expect(desk.draw()).toMatch(/Action +exclude/);
    await desk.press('RIGHT');
    expect(desk.draw()).toMatch(/Action +include/);
    await desk.press('UP', 'y');
    expect(desk.draw()).toMatch(/Own session +yes[\s\S]*include own-session/);
    await desk.press('q', 'x', '?');
    expect(desk.draw()).toContain('New rule 2 of office');
  });

  it('goes by mouse: a click goes to a field and turns a choice', async () => {
    await desk.press('e', 'a');
    const lines = desk.draw().split('\n');
    const direction = lines.findIndex((line) => line.includes('Direction'));
    await desk.click(30, direction);
    await desk.click(30, direction);
    expect(desk.draw()).toMatch(/Direction +in [\s\S]*include incoming/);
    await desk.click(
      30,
      lines.findIndex((line) => line.includes('VLAN')),
    );
    await desk.press('7');
    expect(desk.draw()).toContain('include incoming vlan 7');
  });

  it('asks when it is left with a change', async () => {
    await desk.press('e', 'a', 'ESCAPE');
    expect(desk.draw()).not.toContain('not saved');
    await desk.press('a', ' ', 'ESCAPE');
    expect(desk.draw()).toContain('The rule was changed');
    await desk.press('ESCAPE', 'ESCAPE', 'd');
    expect(desk.draw()).not.toContain('not saved');
    await desk.press('a', ' ', 'CTRL_C', 'ENTER');
    expect(desk.draw()).toMatch(/\(not saved\)[\s\S]*2 +exclude +every packet/);
  });

  it('counts the filter with the rule as it is typed, once it makes sense', async () => {
    desk.control.counted = { seconds: 3, matched: 1, seen: 4, exact: true };
    await desk.press('DOWN', 'e', 'a', 'TAB', ...'ud');
    await desk.second();
    expect(desk.control.probed.at(-1) ?? null).toBeNull();
    await desk.press('p');
    await (await desk.second()).second();
    expect(desk.control.probed.at(-1)?.rules).toEqual([...QUIET.rules, { action: 'include', protocol: 'udp' }]);
    expect(desk.draw()).toContain('1 of 4 packets in the last 3 s pass (25.0 %)');
  });
});
