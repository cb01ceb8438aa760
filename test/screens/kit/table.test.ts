import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../../screens/kit/canvas.ts';
import { type Column, layoutColumns, pageOf, positionText, Table } from '../../../screens/kit/table.ts';

interface Row {
  id: number;
  name: string;
  bytes: number;
}

const COLUMNS: Column<Row>[] = [
  { id: 'name', title: 'Name', width: 6, flex: 1, read: (row, line) => (line === 0 ? row.name : `to ${row.name}`) },
  { id: 'bytes', title: 'Bytes', width: 7, align: 'right', style: 'value', read: (row) => String(row.bytes) },
  { id: 'extra', title: 'Extra', width: 5, minTerminalWidth: 40, read: () => 'x' },
];

const rowsFrom = (ids: number[]): Row[] => ids.map((id) => ({ id, name: `row${id}`, bytes: id * 100 }));

/** A table over rows at hand, pulled as the loop would. */
class Harness {
  rows: Row[];
  readonly table: Table<Row>;
  readonly canvas = createCanvas(30, 6);

  constructor(count: number, linesPerRow: 1 | 2 = 1) {
    this.rows = rowsFrom(Array.from({ length: count }, (_, i) => i));
    this.table = new Table({ columns: COLUMNS, rowId: (row) => row.id, linesPerRow });
    this.draw();
    this.pull();
  }

  pull(): void {
    this.table.setPage(pageOf(this.rows, (row) => row.id, this.table.pageQuery()));
  }

  draw(): string {
    this.canvas.clear();
    this.table.draw(this.canvas, { x: 1, y: 0, width: 28, height: 6 }, { header: 'line', scrollbarX: 29 });
    return this.canvas.toText();
  }

  key(...keys: string[]): void {
    for (const key of keys) if (this.table.onKey(key).type === 'refresh') this.pull();
  }

  get selected(): number | undefined {
    return this.table.selectedRow?.id;
  }
}

describe('table', () => {
  it('draws columns, header and rows', () => {
    const harness = new Harness(3);
    harness.table.sort = { column: 'bytes', descending: true };
    expect(harness.draw()).toBe(
      [
        ' Name                  Bytes▼',
        ' row0                       0',
        ' row1                     100',
        ' row2                     200',
        '',
        '',
        '',
      ].join('\n'),
    );
  });

  it('draws two-line rows joined by a bracket, and never half a row', () => {
    const harness = new Harness(9, 2);
    expect(harness.draw().split('\n').slice(1, 6)).toEqual([
      ' ┌row0                      0█',
      ' └to row0                   0',
      ' ┌row1                    100',
      ' └to row1                 100',
      '',
    ]);
  });

  it('draws two-line rows without a bracket, with a mark beside the chosen one', () => {
    const table = new Table({ columns: COLUMNS, rowId: (row: Row) => row.id, joinsLines: false });
    const canvas = createCanvas(30, 6);
    const draw = (): string[] => {
      canvas.clear();
      table.draw(canvas, { x: 1, y: 0, width: 28, height: 6 }, { header: 'none', cursorX: 0 });
      return canvas.toText().split('\n');
    };
    table.linesPerRow = 2;
    table.setPage({ rows: rowsFrom([0, 1]), offset: 0, rowsTotal: 2 });
    draw();
    table.onKey('DOWN');
    expect(draw().slice(0, 4)).toEqual([
      ' row0                       0',
      ' to row0                    0',
      '►row1                     100',
      ' to row1                  100',
    ]);
    table.linesPerRow = 1;
    expect(draw().slice(0, 2)).toEqual([' row0                       0', '►row1                     100']);
  });

  it('stands bars behind rows as long as their share, warnings and what is searched for stay seen', () => {
    const warned: Column<Row> = { ...COLUMNS[1], style: (row) => (row.id === 1 ? 'warning' : 'value') };
    const table = new Table({ columns: [COLUMNS[0], warned], rowId: (row: Row) => row.id });
    table.setPage({ rows: rowsFrom([0, 1, 2, 3]), offset: 0, rowsTotal: 4 });
    const canvas = createCanvas(20, 4);
    const shares = [0.5, 1, 7, Number.NaN];
    const how = { header: 'none', meter: (row: Row) => shares[row.id], highlight: ['row1'] } as const;
    table.draw(canvas, { x: 0, y: 0, width: 20, height: 4 }, how);
    expect(canvas.toStyledText().split('\n').slice(0, 4)).toEqual([
      'meterSelected 0-9, selected 10-19',
      'match 0-3, meter 4-12, warning 13-19',
      'meter 0-19',
      'text 0-12, value 13-19',
    ]);
  });

  it('stays at the top until something was chosen, whatever moves', () => {
    const harness = new Harness(20);
    expect(harness.selected).toBe(0);
    harness.rows.reverse();
    harness.pull();
    expect(harness.selected).toBe(19);
    expect(harness.table.pageQuery()).toEqual({ offset: 0, limit: 5, follow: null });
  });

  it('keeps the selection on its row while rows move', () => {
    const harness = new Harness(20);
    harness.key('DOWN', 'DOWN');
    expect(harness.selected).toBe(2);
    harness.rows.reverse();
    harness.pull();
    expect(harness.selected).toBe(2);
    expect(harness.table.selectedIndex).toBe(17);
    expect(harness.table.rows.map((row) => row.id)).toContain(2);
    harness.key('HOME');
    expect(harness.selected).toBe(19);
  });

  it('keeps the place when the selected row goes', () => {
    const harness = new Harness(20);
    harness.key('DOWN', 'DOWN');
    harness.rows = harness.rows.filter((row) => row.id !== 2);
    harness.pull();
    expect(harness.selected).toBe(3);
    harness.rows = [];
    harness.pull();
    expect(harness.selected).toBeUndefined();
    harness.rows = rowsFrom([7, 8]);
    harness.pull();
    expect(harness.selected).toBeDefined();
  });

  it('moves by lines and pages to both ends and no further', () => {
    const harness = new Harness(12);
    harness.key('UP');
    expect(harness.table.selectedIndex).toBe(0);
    harness.key('PAGE_DOWN');
    expect(harness.table.selectedIndex).toBe(4);
    harness.key('PAGE_DOWN');
    expect(harness.table.selectedIndex).toBe(8);
    expect(harness.table.pageQuery().offset).toBe(4);
    harness.key('END', 'DOWN');
    expect(harness.selected).toBe(11);
    expect(harness.table.pageQuery().offset).toBe(7);
    harness.key('UP', 'PAGE_UP', 'PAGE_UP');
    expect(harness.table.selectedIndex).toBe(2);
  });

  it('takes several keys before the page for the first has come', () => {
    const harness = new Harness(100);
    for (let i = 0; i < 30; i++) harness.table.onKey('DOWN');
    harness.pull();
    expect(harness.selected).toBe(30);
  });

  it('a page that was asked for before the key does not undo it', () => {
    const harness = new Harness(100);
    const old = pageOf(harness.rows, (row) => row.id, harness.table.pageQuery());
    harness.table.onKey('END');
    harness.table.setPage(old);
    expect(harness.table.pageQuery()).toEqual({ offset: 95, limit: 5, follow: null });
    harness.pull();
    expect(harness.selected).toBe(99);
  });

  it('after any keys and moves the selected row is on the page, and the page within the rows', () => {
    const keys = fc.constantFrom('UP', 'DOWN', 'PAGE_UP', 'PAGE_DOWN', 'HOME', 'END', 'shuffle', 'drop', 'late');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(keys, { maxLength: 40 }), (count, list) => {
        const harness = new Harness(count);
        for (const key of list) {
          if (key === 'shuffle') harness.rows.reverse();
          else if (key === 'drop' && harness.rows.length > 1) harness.rows.splice(harness.rows.length >> 1, 1);
          else if (key === 'late') harness.table.onKey('DOWN');
          else harness.key(key);
          harness.pull();
          expect(harness.table.rows).toContain(harness.table.selectedRow);
          const { offset, limit } = harness.table.pageQuery();
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset + Math.min(limit, harness.rows.length)).toBeLessThanOrEqual(
            Math.max(harness.rows.length, limit),
          );
        }
      }),
    );
  });

  it('selects what is clicked, scrolls with the wheel, ignores what is beside it', () => {
    const harness = new Harness(20);
    expect(harness.table.onMouse({ kind: 'press', x: 5, y: 3 }).type).toBe('redraw');
    expect(harness.selected).toBe(2);
    harness.table.onMouse({ kind: 'wheel-down', x: 5, y: 3 });
    harness.pull();
    expect(harness.selected).toBe(5);
    expect(harness.table.onMouse({ kind: 'press', x: 5, y: 0 }).type).toBe('ignored');
    expect(harness.table.onMouse({ kind: 'press', x: 29, y: 3 }).type).toBe('ignored');
  });

  it('marks the row with the selection style, closed ones still dim', () => {
    const table = new Table({
      columns: COLUMNS,
      rowId: (row) => row.id,
      rowStyle: (row) => (row.id === 1 ? 'dim' : null),
    });
    table.setPage({ rows: rowsFrom([0, 1, 2]), offset: 0, rowsTotal: 3 });
    const canvas = createCanvas(30, 4);
    const area = { x: 0, y: 0, width: 30, height: 4 };
    table.draw(canvas, area);
    expect([1, 2, 3].map((y) => canvas.styleAt(0, y))).toEqual(['selected', 'dim', 'text']);
    table.onKey('DOWN');
    table.draw(canvas, area);
    expect([1, 2, 3].map((y) => canvas.styleAt(0, y))).toEqual(['text', 'selectedDim', 'text']);
    canvas.clear();
    table.draw(canvas, area, { focused: false });
    expect([1, 2, 3].map((y) => canvas.styleAt(0, y))).toEqual(['text', 'dim', 'text']);
  });

  it('marks what was searched, wherever it stands, in any case', () => {
    const table = new Table({ columns: COLUMNS, rowId: (row) => row.id });
    table.setPage({ rows: [{ id: 1, name: 'aROWrow', bytes: 1 }], offset: 0, rowsTotal: 1 });
    const canvas = createCanvas(30, 2);
    table.draw(canvas, { x: 0, y: 0, width: 30, height: 2 }, { focused: false, highlight: ['row'] });
    expect(canvas.toStyledText().split('\n')[1]).toContain('text 0-0, match 1-6');
  });

  it('says what an empty table means', () => {
    const table = new Table({ columns: COLUMNS, rowId: (row) => row.id });
    const canvas = createCanvas(30, 5);
    table.draw(canvas, { x: 0, y: 0, width: 30, height: 5 }, { emptyText: 'no packets yet' });
    expect(canvas.toText()).toContain('no packets yet');
  });
});

describe('columns', () => {
  it('a wide terminal gets more columns; flexible ones share what is left', () => {
    const widths = (terminal: number): number[] =>
      layoutColumns(COLUMNS, { x: 0, width: terminal }, terminal, 1).map((placed) => placed.width);
    expect(widths(30)).toEqual([22, 7]);
    expect(widths(40)).toEqual([26, 7, 5]);
  });

  it('never gives out more than there is', () => {
    const column = fc.record({
      width: fc.integer({ min: 1, max: 10 }),
      flex: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      maximumWidth: fc.option(fc.integer({ min: 10, max: 30 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 100, max: 300 }),
        (columns, width) => {
          const placed = layoutColumns(
            columns.map((each, i) => ({ id: String(i), title: '', read: () => '', ...each })),
            { x: 3, width },
            width,
            1,
          );
          const last = placed[placed.length - 1];
          expect(last.x + last.width).toBeLessThanOrEqual(3 + width);
          if (columns.some((each) => each.flex !== undefined && each.maximumWidth === undefined)) {
            expect(last.x + last.width).toBe(3 + width);
          }
          for (const [i, each] of placed.entries()) {
            expect(each.width).toBeGreaterThanOrEqual(columns[i].width);
            if (i > 0) expect(each.x).toBe(placed[i - 1].x + placed[i - 1].width + 1);
          }
        },
      ),
    );
  });

  it('the position is said only where not everything is visible', () => {
    expect(positionText({ offset: 11, visible: 20, total: 4210 })).toBe('12–31 of 4210');
    expect(positionText({ offset: 0, visible: 20, total: 20 })).toBe('');
    expect(positionText({ offset: 0, visible: 20, total: 0 })).toBe('');
  });
});
