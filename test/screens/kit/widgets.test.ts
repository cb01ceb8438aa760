import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../../screens/kit/canvas.ts';
import { sparkline } from '../../../screens/kit/chart.ts';
import { chooseDialog, confirmDialog, inputDialog, messageDialog } from '../../../screens/kit/dialog.ts';
import { Form } from '../../../screens/kit/form.ts';
import { InputLine } from '../../../screens/kit/input-line.ts';
import { keysThatFit } from '../../../screens/kit/key-bar.ts';
import { Menu } from '../../../screens/kit/menu.ts';
import type { KeyHelp, Reaction } from '../../../screens/kit/screen.ts';
import { drawStatusLine, type StatusMessage } from '../../../screens/kit/status-line.ts';
import { snapshotHead } from '../../support/screens.ts';

const done = (value: string): Reaction => ({
  type: 'engine',
  request: { type: 'command', monitor: 'ip-traffic', command: value, arguments: {} },
});

function typeInto(line: InputLine, ...keys: string[]): string {
  for (const key of keys) line.onKey(key);
  return line.text;
}

describe('input line', () => {
  it('edits where the cursor stands', () => {
    const line = new InputLine('ac');
    expect(typeInto(line, 'LEFT', 'b')).toBe('abc');
    expect(typeInto(line, 'HOME', 'DELETE', '名', 'END', 'BACKSPACE', 'é')).toBe('名bé');
    expect(typeInto(line, 'CTRL_U')).toBe('');
    expect(typeInto(line, ...'one two', 'CTRL_W')).toBe('one ');
    expect(typeInto(line, 'HOME', 'RIGHT', 'CTRL_K')).toBe('o');
  });

  it('leaves keys that type nothing to others', () => {
    const line = new InputLine();
    for (const key of ['ENTER', 'ESCAPE', 'F1', 'UP', 'CTRL_C', 'TAB']) expect(line.onKey(key)).toBe(false);
    expect(line.text).toBe('');
  });

  it('keeps the cursor in sight of a long text', () => {
    const line = new InputLine('0123456789');
    const canvas = createCanvas(6, 1);
    line.draw(canvas, 0, 0, 6);
    expect(canvas.toText()).toBe('56789\n');
    expect(canvas.styleAt(5, 0)).toBe('menuSelected');
    line.onKey('HOME');
    line.draw(canvas, 0, 0, 6);
    expect(canvas.toText()).toBe('012345\n');
    expect(canvas.styleAt(0, 0)).toBe('menuSelected');
  });
});

describe('dialogs', () => {
  it('a question carries out its reaction on Enter or y, after closing, and on nothing else', () => {
    const dialog = confirmDialog('Reset', 'Sure?', done('yes'));
    const both = { type: 'all', reactions: [{ type: 'back' }, done('yes')] };
    expect(dialog.onKey('ENTER')).toEqual(both);
    expect(dialog.onKey('y')).toEqual(both);
    for (const key of ['ESCAPE', 'n', 'q']) expect(dialog.onKey(key)).toEqual({ type: 'back' });
    for (const key of ['x', 'Z', 'DOWN']) expect(dialog.onKey(key)).toEqual({ type: 'ignored' });
  });

  it('a list is chosen from by arrows, by letter and by click', () => {
    const choices = ['rate', 'bytes', 'packets'].map((label) => ({ label, hotKey: label[0], run: () => done(label) }));
    const dialog = chooseDialog('Sort by', choices, 1);
    const chosen = (reaction: Reaction | undefined): unknown =>
      reaction?.type === 'all' ? reaction.reactions[1] : reaction;
    expect(chosen(dialog.onKey('ENTER'))).toEqual(done('bytes'));
    dialog.onKey('DOWN');
    dialog.onKey('DOWN');
    expect(chosen(dialog.onKey('ENTER'))).toEqual(done('rate'));
    expect(chosen(dialog.onKey('p'))).toEqual(done('packets'));
    const canvas = createCanvas(80, 24);
    dialog.draw(canvas);
    const y = canvas
      .toText()
      .split('\n')
      .findIndex((line) => line.includes('packets'));
    expect(chosen(dialog.onMouse?.({ kind: 'press', x: 40, y }))).toEqual(done('packets'));
  });

  it('a long list scrolls with its mark', () => {
    const choices = Array.from({ length: 50 }, (_, i) => ({ label: `entry ${i}`, run: () => done(String(i)) }));
    const dialog = chooseDialog('Many', choices);
    dialog.onKey('END');
    const canvas = createCanvas(60, 12);
    dialog.draw(canvas);
    expect(canvas.toText()).toContain('entry 49');
    expect(canvas.toText()).not.toContain('entry 0 ');
  });

  it('shows again what was scrolled past the top when the terminal grows', () => {
    const choices = Array.from({ length: 13 }, (_, i) => ({ label: `entry ${i}`, run: () => done(String(i)) }));
    const dialog = chooseDialog('Some', choices, 12);
    const small = createCanvas(80, 12);
    dialog.draw(small);
    expect(small.toText()).not.toContain('entry 0');
    const grown = createCanvas(80, 40);
    dialog.draw(grown);
    for (let i = 0; i < 13; i++) expect(grown.toText()).toContain(`entry ${i}`);
  });

  it('a typed line is handed over on Enter; letters that are keys elsewhere are typed', () => {
    const dialog = inputDialog('Search', '', done);
    for (const key of ['q', 'x', '?', ' ', '1']) expect(dialog.onKey(key).type).toBe('redraw');
    expect(dialog.onKey('ENTER')).toEqual({ type: 'all', reactions: [{ type: 'back' }, done('qx? 1')] });
    expect(dialog.onKey('ESCAPE')).toEqual({ type: 'back' });
  });

  it('a message never overlaps its button, however small the screen', () => {
    const canvas = createCanvas(60, 12);
    messageDialog('About', Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n')).draw(canvas);
    const button = canvas
      .toText()
      .split('\n')
      .find((line) => line.includes('Enter'));
    expect(button).not.toContain('line');
  });
});

describe('menu', () => {
  const items = ['Alpha', 'Beta', 'Exit'].map((label) => ({
    label,
    hotKey: label === 'Exit' ? 'x' : label[0].toLowerCase(),
    help: `about ${label}`,
    separated: label === 'Exit',
    run: () => done(label),
  }));

  it('wraps around, and runs an entry by Enter, letter or click', () => {
    const menu = new Menu(items);
    menu.onKey('UP');
    expect(menu.selected.label).toBe('Exit');
    menu.onKey('DOWN');
    expect(menu.selected.label).toBe('Alpha');
    expect(menu.onKey('B')).toEqual(done('Beta'));
    expect(menu.onKey('ENTER')).toEqual(done('Beta'));
    expect(menu.onKey('q')).toEqual({ type: 'ignored' });
    const canvas = createCanvas(30, 8);
    menu.draw(canvas, { x: 2, y: 1, width: 20, height: menu.height });
    expect(menu.onMouse({ kind: 'press', x: 5, y: 5 })).toEqual(done('Exit'));
    expect(menu.onMouse({ kind: 'press', x: 5, y: 4 })).toEqual({ type: 'ignored' });
    expect(menu.onMouse({ kind: 'press', x: 25, y: 2 })).toEqual({ type: 'ignored' });
  });
});

it('a menu on a low screen has no lines between entries, and scrolls to the marked one', () => {
  const items = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Exit'].map((label) => ({
    label,
    hotKey: label[0].toLowerCase(),
    help: '',
    separated: true,
    run: () => done(label),
  }));
  const menu = new Menu(items);
  const draw = (height: number): string => {
    const canvas = createCanvas(30, 20);
    menu.draw(canvas, { x: 0, y: 0, width: 20, height });
    return canvas.toText();
  };
  expect(draw(7)).not.toContain('├');
  expect(draw(12)).toContain('├');
  for (const label of ['Alpha', 'Exit']) expect(draw(7)).toContain(label);
  menu.onKey('END');
  expect(draw(5)).toMatch(/Gamma[\s\S]*Delta[\s\S]*Exit/);
  expect(draw(5)).not.toContain('Beta');
  expect(menu.onMouse({ kind: 'press', x: 5, y: 1 })).toEqual(done('Gamma'));
  menu.onKey('HOME');
  expect(draw(5)).toContain('Alpha');
});

describe('form', () => {
  it('moves between fields, and says what is wrong with each', () => {
    const port = (text: string): string | null => (/^\d+$/.test(text) ? null : 'a port is a number');
    const form = new Form([
      { id: 'name', label: 'Name', value: 'web' },
      { id: 'port', label: 'Port', value: '80', check: port },
    ]);
    expect(form.problems).toEqual({});
    for (const key of ['TAB', 'x']) form.onKey(key);
    expect(form.values).toEqual({ name: 'web', port: '80x' });
    expect(form.problems).toEqual({ port: 'a port is a number' });
    for (const key of ['BACKSPACE', 'DOWN', '2']) form.onKey(key);
    expect(form.values).toEqual({ name: 'web2', port: '80' });
  });

  it('tells of a field only once it was typed in or left, or everything was to be accepted', () => {
    const never = (): string => 'is never right';
    const form = new Form([
      { id: 'a', label: 'A', value: '', check: (text) => (text === '' ? 'is empty' : null) },
      { id: 'b', label: 'B', value: '', check: never },
    ]);
    const draw = (): string => {
      const canvas = createCanvas(40, 6);
      form.draw(canvas, { x: 0, y: 0, width: 40, height: form.height });
      return canvas.toText();
    };
    expect(draw()).not.toContain('is ');
    form.onKey('TAB');
    expect(draw()).toContain('is empty');
    expect(draw()).not.toContain('is never');
    expect(form.accept()).toBeNull();
    expect(draw()).toContain('is never right');
    // The first wrong field has the focus.
    form.onKey('x');
    expect(form.values).toEqual({ a: 'x', b: '' });
    expect(form.accept()).toBeNull();
  });
});

describe('chart', () => {
  it('shows the newest values at the right, blanks for unknown and nothing', () => {
    expect(sparkline([0, 1, 4, null, 8], 8)).toBe('    ▂▅ █');
    expect(sparkline([1, 2, 3, 4], 2)).toBe('▇█');
    expect(sparkline([], 3)).toBe('   ');
  });
});

describe('status line', () => {
  const lineOf = (width: number, head = snapshotHead(), message: StatusMessage | null = null): [string, string] => {
    const canvas = createCanvas(width, 1);
    drawStatusLine(canvas, 0, head, message);
    return [canvas.rowText(0).trimEnd(), canvas.styleAt(0, 0)];
  };

  it('always shows time, packets, dropped, malformed, coverage and filter, also on 80 columns', () => {
    for (const width of [80, 120, 200]) {
      const [text, style] = lineOf(width);
      for (const part of ['1:02:05', '123456', 'Drop', 'Malf', '100 %', 'Filter none']) expect(text).toContain(part);
      expect(style).toBe('status');
    }
  });

  it('counts the alerts that are on at its right end, beside whatever it says', () => {
    const marked = (alerts: number, message: StatusMessage | null, width = 60): [string, string] => {
      const canvas = createCanvas(width, 1);
      drawStatusLine(canvas, 0, snapshotHead(), message, { alerts });
      return [canvas.rowText(0), canvas.styleAt(width - 2, 0)];
    };
    expect(marked(0, null)[0]).not.toContain('alert');
    expect(marked(1, null)).toEqual([expect.stringMatching(/1:02:05 .* 1 alert $/), 'warning']);
    const long: StatusMessage = { text: 'x'.repeat(80), style: 'status' };
    expect(marked(12, long)).toEqual([expect.stringMatching(/^ x{46}… {2}12 alerts $/), 'warning']);
    // It stands out from a line that is a warning itself.
    expect(marked(2, { ...long, style: 'warning' })[1]).toBe('error');
    expect(marked(2, null)[0]).toHaveLength(60);
  });

  it('has room at its right end for what a screen itself has to say, before the alerts', () => {
    const canvas = createCanvas(80, 1);
    drawStatusLine(canvas, 0, snapshotHead(), null, { alerts: 1, own: '2 pairs above 10 Mbit/s' });
    expect(canvas.rowText(0)).toMatch(/^ 1:02:05 .* 2 pairs above 10 Mbit\/s, 1 alert $/);
    expect(canvas.styleAt(79, 0)).toBe('warning');
    const narrow = createCanvas(60, 1);
    drawStatusLine(narrow, 0, snapshotHead(), null, { own: 'x'.repeat(90) });
    expect(narrow.rowText(0)).toMatch(/^ Rcvd 123456 │ Drop 0 +x{29}… $/);
  });

  it('turns to the warning style when packets were dropped', () => {
    const head = snapshotHead();
    expect(lineOf(100, { ...head, capture: { ...head.capture, droppedByKernel: 7 } })).toEqual([
      ' Time 1:02:05 │ Received 123456 │ Dropped 7 │ Malformed 2 │ Coverage 100 % │ Filter none',
      'warning',
    ]);
  });

  it('turns to the warning style when an interface is down, and names it', () => {
    const [text, style] = lineOf(100, snapshotHead({ interfaces: [{ slot: 0, name: 'eth7', up: false }] }));
    expect(text).toContain('Down eth7');
    expect(style).toBe('warning');
  });

  it('turns to the warning style when we saw less than the kernel counted', () => {
    const head = snapshotHead();
    expect(lineOf(100, { ...head, capture: { ...head.capture, coverage: 0.93 } })[1]).toBe('warning');
    expect(lineOf(100, { ...head, capture: { ...head.capture, coverage: null } })[0]).toContain('Coverage —');
  });

  it('shows unknown as a dash, and of a file the buffers that were read', () => {
    const head = snapshotHead();
    const capture = {
      ...head.capture,
      received: null,
      droppedByKernel: null,
      droppedByInterface: null,
      coverage: null,
    };
    const [text, style] = lineOf(120, { ...head, capture });
    expect(text).toContain('Received 100000 │ Dropped —');
    expect(style).toBe('status');
  });

  it('clips a long filter, never a number', () => {
    const head = snapshotHead();
    const filter = 'tcp port 443 and not host 192.168.100.200 and not net 10.0.0.0/8 or icmp or vlan 12';
    for (const width of [60, 80, 100]) {
      const [text] = lineOf(width, { ...head, capture: { ...head.capture, filter, received: 99_999_999 } });
      expect(text.length).toBeLessThanOrEqual(width);
      for (const part of ['99999999', 'Drop']) expect(text).toContain(part);
      expect(text).not.toMatch(/[0-9]…/);
    }
    expect(lineOf(80, { ...head, capture: { ...head.capture, filter } })[0]).toContain('Filter tcp por');
  });

  it('shows a filter with its share in the place of coverage, the name clipped and the share never', () => {
    const head = snapshotHead();
    const filtered = (filter: string, passed: number | null) => ({
      ...head,
      capture: { ...head.capture, filter, passed, coverage: null },
    });
    expect(lineOf(80, filtered('web', 0.123))[0]).toBe(
      ' Time 1:02:05 │ Received 123456 │ Dropped 0 │ Malformed 2 │ Filter web 12.3 %',
    );
    expect(lineOf(80, filtered('web', null))[0]).toContain('Filter web —');
    const long = 'everything that the people of accounting send to the printers';
    for (const width of [60, 80, 100]) {
      expect(lineOf(width, filtered(long, 0.0049))[0]).toMatch(/Filter every.*… 0\.5 %$/);
    }
  });

  it('says why a filter is slow as long as there is room', () => {
    const head = snapshotHead();
    const kernelFilterRefusal = '9000 instructions; the kernel takes 4096';
    const capture = { ...head.capture, filter: 'web', passed: 0.5, coverage: null, kernelFilterRefusal };
    expect(lineOf(160, { ...head, capture })[0]).toMatch(/Filter web 50\.0 % \(slow: 9000 .* takes 4096\)$/);
    expect(lineOf(80, { ...head, capture })[0]).toMatch(/Filter web 50\.0 % \(slow\)$/);
    expect(lineOf(60, { ...head, capture })[0]).toMatch(/Filter web 50\.0 %$/);
  });

  it('a message takes its place', () => {
    expect(lineOf(80, snapshotHead(), { text: 'eth0 is down', style: 'warning' })).toEqual([
      ' eth0 is down',
      'warning',
    ]);
  });
});

describe('key bar', () => {
  const key = (label: string, bar: string | null): KeyHelp => ({ keys: [label], label, help: '', bar });

  it('keeps help and exit when there is no room for all', () => {
    const own = ['F', 'M', 'S', 'W', 'N'].map((label) => key(label, 'Something'));
    const fixed = [key('?', 'Help'), key('x', 'Exit')];
    const shown = keysThatFit(60, own, fixed).map((each) => each.label);
    expect(shown.slice(-2)).toEqual(['?', 'x']);
    expect(shown.length).toBeLessThan(7);
    expect(keysThatFit(200, own, fixed)).toHaveLength(7);
  });

  it('leaves out what only the help screen lists', () => {
    expect(keysThatFit(80, [key('a', null), key('b', 'Both')], [])).toHaveLength(1);
  });
});
