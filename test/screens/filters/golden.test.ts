import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../support/golden.ts';
import { drawStack, SIZES } from '../../support/screens.ts';
import { Desk } from './desk.ts';

const COUNTED = { seconds: 12, matched: 120, seen: 4567, exact: true };

/** Every screen of filters, with packets coming. */
const SCREENS: Record<string, () => Promise<Desk>> = {
  list: async () => {
    const desk = new Desk(undefined, (control) => {
      Object.assign(control, { active: 'web', withoutOwnSession: true, counted: COUNTED });
    });
    return (await desk.second()).second();
  },
  rules: async () => new Desk().press('HOME'),
  search: async () => new Desk().press('/', ...'port 53'),
  menu: async () => new Desk([], (control) => Object.assign(control, { capturing: false })),
  refused: async () => {
    const desk = new Desk(undefined, (control) => {
      control.refusal = 'rule 1: no address is known for www.example.org';
    });
    return desk.second();
  },
  name: async () => new Desk().press('n', ...'office', 'TAB'),
  delete: async () => new Desk().press('d'),
  editor: async () => {
    const desk = new Desk(undefined, (control) => {
      control.counted = { ...COUNTED, exact: false };
    });
    return (await (await desk.press('e', 'DOWN', '+')).second()).second();
  },
  empty: async () => new Desk().press('n', ...'new one', 'ENTER'),
  'delete-rule': async () => new Desk().press('e', 'END', 'd'),
  leave: async () => new Desk().press('e', '+', 'ESCAPE'),
  form: async () => {
    const desk = new Desk(undefined, (control) => {
      control.counted = COUNTED;
    });
    return (await (await desk.press('e', 'DOWN', 'DOWN', 'ENTER', 'TAB')).second()).second();
  },
  problem: async () => new Desk().press('e', 'a', 'TAB', ...'udp,tpc', 'TAB', ...'10.0.0.0/33', 'TAB', ...'80,x'),
};

describe.each(SIZES)('at %dx%d', (width, height) => {
  it.each(Object.entries(SCREENS))('%s', async (name, open) => {
    expectGolden(`filters-${name}-${width}x${height}.txt`, (await open()).draw(width, height));
  });
});

it.each(Object.entries(SCREENS))('%s fits the smallest screen, and ASCII', async (name, open) => {
  const desk = await open();
  expectGolden(`filters-${name}-60x12.txt`, desk.draw(60, 12));
  expect(drawStack(desk.stack, 80, 24, { ascii: true }).toText()).toMatch(/^[\n -~]*$/);
});
