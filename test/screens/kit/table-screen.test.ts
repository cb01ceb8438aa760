import { beforeEach, describe, expect, it } from 'vitest';
import type { Canvas } from '../../../screens/kit/canvas.ts';
import { type KeyBinding, REDRAW } from '../../../screens/kit/keys.ts';
import type { Reaction, Screen } from '../../../screens/kit/screen.ts';
import type { Column } from '../../../screens/kit/table.ts';
import { TableScreen, type TableScreenSpec } from '../../../screens/kit/table-screen.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { drawStack, snapshotHead } from '../../support/screens.ts';

interface Row {
  id: number;
  name: string;
}

const SPEC: TableScreenSpec<Row> = {
  monitor: 'ports',
  title: 'things: eth0',
  rowId: (row) => row.id,
  sorts: [
    { column: 'size', word: 'size', key: 'z' },
    { column: 'name', word: 'name', key: 'n' },
  ],
  ascendingSorts: new Set(['name']),
  sort: 'size',
  searchFields: [],
  optionalColumns: [['second', 'Second']],
};

class ThingsScreen extends TableScreen<Row> {
  pressed = '';

  protected columns(_width: number, hidden: ReadonlySet<string>): Column<Row>[] {
    const name: Column<Row> = { id: 'name', title: 'Name', width: 10, read: (row) => row.name };
    const second: Column<Row> = { id: 'second', title: 'Again', width: 10, read: (row) => row.name };
    return hidden.has('second') ? [name] : [name, second];
  }

  protected countText(rowsTotal: number, hidden: number): string {
    return `${rowsTotal} things, ${hidden} hidden`;
  }

  protected emptyText(): string {
    return 'no thing yet';
  }

  protected drawFooter(canvas: Canvas, y: number): void {
    canvas.text(1, y, 'the footer', 'text');
  }

  protected ownKeys(): KeyBinding[] {
    const run = (key: string): Reaction => {
      this.pressed = key;
      return REDRAW;
    };
    return [{ keys: ['t', 'S'], label: 't', help: 'A key of its own', bar: 'Own', run }];
  }
}

function snapshot(rows: Row[], hidden = 0): Snapshot<Row> {
  return { ...snapshotHead({ monitor: 'ports' }), rows, offset: 0, rowsTotal: rows.length, hidden, extra: {} };
}

function opened(reaction: Reaction): Screen {
  if (reaction.type !== 'open') throw new Error(`${reaction.type} opens nothing`);
  return reaction.screen;
}

let screen: ThingsScreen;

beforeEach(() => {
  screen = new ThingsScreen(SPEC);
});

const text = (width = 80, height = 24): string => drawStack([screen], width, height).toText();

describe('a screen that is one table', () => {
  it('says that it waits, that there is nothing, and that nothing matches', () => {
    expect(text()).toContain('waiting for the first figures');
    screen.update([snapshot([])]);
    expect(text()).toContain('no thing yet');
    for (const key of ['/', 'x', 'ENTER']) screen.onKey(key);
    screen.update([snapshot([], 2)]);
    expect(text()).toContain('nothing matches the search');
    expect(text()).toContain('0 shown, 2 hidden');
  });

  it('shows rows, count, order, place and footer', () => {
    const rows = Array.from({ length: 40 }, (_, id) => ({ id, name: `thing ${id}` }));
    screen.update([snapshot(rows)]);
    // The first drawing measures how many rows fit.
    text();
    const shown = text();
    for (const part of ['thing 0', '40 things, 0 hidden', 'by size ─ 1/40', 'the footer', 'Again']) {
      expect(shown).toContain(part);
    }
  });

  it('asks in the order that was chosen, and turned round', () => {
    expect(screen.queries()[0]).toMatchObject({ monitor: 'ports', query: { sort: 'size', descending: true } });
    const choose = (key: string): void => {
      const reaction = opened(screen.onKey('s')).onKey(key);
      expect(reaction.type).toBe('all');
    };
    choose('n');
    expect(screen.queries()[0].query).toMatchObject({ sort: 'name', descending: false });
    choose('n');
    expect(screen.queries()[0].query).toMatchObject({ sort: 'name', descending: true });
    choose('z');
    expect(screen.queries()[0].query).toMatchObject({ sort: 'size', descending: true });
  });

  it('searches while one types, and shows everything again by Esc', () => {
    for (const key of ['/', 'a', 'b']) screen.onKey(key);
    expect(screen.queries()[0].query.options).toEqual({ search: 'ab' });
    screen.onKey('ENTER');
    expect(screen.onKey('ESCAPE')).toEqual({ type: 'refresh' });
    expect(screen.queries()[0].query.options).toEqual({ search: null });
    expect(screen.onKey('ESCAPE')).toEqual({ type: 'ignored' });
  });

  it('switches columns off and on again', () => {
    screen.update([snapshot([{ id: 1, name: 'one' }])]);
    opened(screen.onKey('C')).onKey('ENTER');
    expect(text()).not.toContain('Again');
    opened(screen.onKey('C')).onKey('ENTER');
    expect(text()).toContain('Again');
  });

  it('saves every row of the question, not the page', () => {
    expect(screen.onKey('CTRL_S')).toEqual({ type: 'ignored' });
    screen.update([snapshot([{ id: 1, name: 'one' }])]);
    const reaction = opened(screen.onKey('CTRL_S')).onKey('ENTER');
    expect(reaction).toMatchObject({
      type: 'all',
      reactions: [{ type: 'back' }, { type: 'save', question: { monitor: 'ports', query: { limit: 0, offset: 0 } } }],
    });
  });

  it('lets its own keys win, and lists each key once', () => {
    screen.onKey('S');
    expect(screen.pressed).toBe('S');
    const keys = screen.keys.flatMap((key) => key.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has no keys for what it has not', () => {
    const bare = new ThingsScreen({ ...SPEC, sorts: [], searchFields: null, optionalColumns: [] });
    for (const key of ['s', '/', 'C']) expect(bare.onKey(key)).toEqual({ type: 'ignored' });
  });
});
