import { beforeEach, describe, expect, it } from 'vitest';
import { drawStack } from '../../support/screens.ts';
import { Desk, OFFICE, QUIET } from './desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

describe('the list', () => {
  it('shows the marked filter whole, and what happens to the rest', async () => {
    expect(desk.draw()).toMatch(
      /exclude tcp from 192\.168\.7\.0\/24 to any port 873[\s\S]*dropped, since a rule includes/,
    );
    await desk.press('DOWN');
    expect(desk.draw()).toMatch(/exclude arp,icmpv6[\s\S]*kept, since every rule excludes/);
  });

  it('begins at the filter that is applied, which it marks', () => {
    const applied = new Desk([OFFICE], (control) => {
      control.active = 'dns';
    });
    expect(applied.draw()).toMatch(/► +dns[\s\S]*► applied: dns[\s\S]*┌ dns /);
  });

  it('finds a filter by name, description and rules', async () => {
    await desk.press('/', ...'853', 'ENTER');
    expect(desk.draw()).toMatch(/dns[\s\S]*1 shown, 9 hidden/);
    expect(desk.draw()).not.toContain('databases');
    await desk.press('ESCAPE');
    expect(desk.draw()).toContain('databases');
    expect(desk.stack).toHaveLength(1);
  });

  it('goes by mouse: a click marks a filter', async () => {
    const y = desk
      .draw()
      .split('\n')
      .findIndex((line) => line.includes('quiet'));
    await desk.click(10, y);
    expect(desk.draw()).toContain('┌ quiet ');
  });

  it('shows what another program has stored meanwhile, the mark where it was', async () => {
    await desk.press('DOWN');
    desk.control.listed = [{ filter: { ...QUIET, name: 'another' }, readyMade: false }, ...desk.control.listed];
    await desk.second();
    expect(desk.draw()).toMatch(/another[\s\S]*┌ quiet /);
  });
});

describe('apply and detach', () => {
  it('applies the marked filter and goes back', async () => {
    await desk.press('DOWN', 'ENTER');
    expect(desk.control.requests).toEqual([{ type: 'apply', filter: QUIET }]);
    expect(desk.stack).toHaveLength(0);
  });

  it('stays where it is when the filter is refused', async () => {
    desk.control.refusal = 'nobody knows www.example.org';
    await desk.press('ENTER');
    expect(desk.failure).toContain('nobody knows');
    expect(desk.stack).toHaveLength(1);
    expect(desk.control.active).toBeNull();
  });

  it('detaches, where a filter is applied', async () => {
    await desk.press('u');
    expect(desk.control.requests).toEqual([]);
    await desk.press('ENTER');
    const again = new Desk([], (control) => {
      control.active = 'web';
    });
    await again.press('u');
    expect(again.control.requests).toEqual([{ type: 'apply', filter: null }]);
    expect(again.draw()).toContain('no filter is applied');
  });

  it('says in the menu that it holds for what is opened next', () => {
    const menu = new Desk([], (control) => {
      control.capturing = false;
    });
    expect(menu.draw()).toContain('applies broadcast to the monitors that are opened from now on');
  });

  it('leaves out the own session and says so', async () => {
    await desk.press('V');
    expect(desk.draw()).toContain('your own session is left out');
    await desk.press('V');
    expect(desk.draw()).not.toContain('own session is left out');
  });
});

describe('new, copy, delete', () => {
  it('asks for a name that is free, then opens the editor on it', async () => {
    await desk.press('n', ...'office', 'ENTER');
    expect(desk.draw()).toContain('there is a filter of that name');
    await desk.press(...' 2', 'TAB', ...'why', 'ENTER');
    expect(desk.draw()).toMatch(/Name +office 2\b[\s\S]*Description +why[\s\S]*no rules; a adds one/);
    expect(desk.control.requests).toEqual([]);
  });

  it('says what each of its fields means', async () => {
    await desk.press('n');
    expect(desk.draw()).toContain('after --filter on the command');
    await desk.press('TAB');
    expect(desk.draw()).toContain('What it is for');
  });

  it('copies under a free name, which is not stored before it is saved', async () => {
    await desk.press('c', 'ENTER');
    expect(desk.draw()).toMatch(/Filter office copy \(not saved\)[\s\S]*own-session/);
    await desk.press('s');
    expect(desk.control.requests).toEqual([
      { type: 'save', filter: { ...OFFICE, name: 'office copy' }, replaces: null },
    ]);
    await desk.press('ESCAPE', 'HOME', 'DOWN', 'c');
    expect(desk.draw()).toMatch(/Copy office[\s\S]*office copy 2/);
  });

  it('marks what was saved', async () => {
    await desk.press('END', 'c', 'ENTER', 's', 'ESCAPE');
    expect(desk.draw()).toContain('┌ web copy ');
  });

  it('deletes when asked twice', async () => {
    await desk.press('d', 'ESCAPE');
    expect(desk.control.requests).toEqual([]);
    await desk.press('DELETE');
    expect(desk.draw()).toContain('Delete the filter office?');
    await desk.press('ENTER');
    expect(desk.control.requests).toEqual([{ type: 'remove', name: 'office' }]);
    expect(desk.draw()).not.toContain('office');
  });

  it('says what becomes of a ready-made filter: it stays, and comes back', async () => {
    await desk.press('END', 'd');
    expect(desk.draw()).toContain('web comes with the program and stays');
    const own = new Desk([{ ...QUIET, name: 'web' }]);
    await own.press('d');
    expect(own.draw()).toContain('The ready-made one of this name is back then');
  });
});

describe('the live count', () => {
  const counted = { seconds: 9.6, matched: 45, seen: 300, exact: true };

  it('counts what is marked: begun a second later, once for each filter', async () => {
    desk.control.counted = counted;
    await (await desk.second()).second();
    expect(desk.draw()).toContain('45 of 300 packets in the last 10 s pass (15.0 %)');
    await desk.press('DOWN');
    expect(desk.draw()).not.toContain('45 of 300');
    await (await (await desk.second()).second()).second();
    expect(desk.control.probed).toEqual([OFFICE, QUIET]);
    expect(desk.draw()).toContain('45 of 300');
  });

  it('says when it is no more than an upper bound, and when nothing came', async () => {
    desk.control.counted = { ...counted, exact: false };
    await (await desk.second()).second();
    expect(desk.draw()).toContain('at most 45 of 300 packets');
    desk.control.counted = { seconds: 0.2, matched: 0, seen: 0, exact: true };
    await desk.second();
    expect(desk.draw()).toContain('no packet in the last 1 s');
  });

  it('says nothing where nothing can be counted', async () => {
    await (await desk.second()).second();
    expect(desk.draw()).not.toMatch(/packets in the last/);
    desk.control.capturing = false;
    desk.control.counted = counted;
    await (await desk.second()).second();
    expect(desk.draw()).not.toMatch(/packets in the last/);
    expect(desk.control.probed.at(-1)).toBeNull();
  });

  it('says why the marked filter cannot be applied, and does not ask again and again', async () => {
    desk.control.refusal = 'nobody knows www.example.org';
    await (await (await desk.second()).second()).second();
    const canvas = drawStack(desk.stack, 80, 24);
    const y = canvas
      .toText()
      .split('\n')
      .findIndex((line) => line.includes('nobody knows'));
    expect(canvas.styleAt(3, y)).toBe('error');
    expect(desk.control.probed).toHaveLength(1);
  });

  it('ends when the list is left', async () => {
    await desk.second();
    await desk.press('ESCAPE');
    await new Promise((resolve) => setImmediate(resolve));
    expect(desk.control.probed).toEqual([OFFICE, null]);
  });
});
