import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../../screens/kit/canvas.ts';
import { askDialog } from '../../../screens/kit/dialog.ts';
import { Form, type FormField } from '../../../screens/kit/form.ts';
import { BACK, REDRAW } from '../../../screens/kit/keys.ts';

const needed = (text: string): string | null => (text === '' ? 'is needed' : null);

const FIELDS: FormField[] = [
  { id: 'name', label: 'Name', value: '', check: needed, help: 'what it is called' },
  { id: 'kind', label: 'Kind', value: 'small', choices: ['small', 'large', 'largest'] },
  { id: 'note', label: 'Note', value: 'a text that is longer than its room', separated: true },
];

function drawn(form: Form, height = 5): string[] {
  const canvas = createCanvas(40, height);
  form.drawBeside(canvas, { x: 0, y: 0, width: 38, height }, 39);
  return canvas.toText().split('\n').slice(0, height);
}

describe('a form with one line for each field', () => {
  it('shows groups apart where there is room, what is too long cut, the problem of a field once it was left', () => {
    const form = new Form(FIELDS);
    expect(drawn(form)).toEqual(['Name', 'Kind  small   ◄►', '', 'Note  a text that is longer than its …', '']);
    expect(form.focusedProblem).toBeNull();
    form.onKey('TAB');
    expect(drawn(form, 3)).toEqual([
      'Name                        is needed',
      'Kind  small   ◄►',
      'Note  a text that is longer than its …',
    ]);
  });

  it('tells a problem of several fields at the one that has a text', () => {
    const form = new Form(
      FIELDS,
      ({ kind, note }): Record<string, string> => (kind === 'large' && note !== '' ? { note: 'too much' } : {}),
    );
    expect(form.problems).toEqual({ name: 'is needed' });
    form.onKey('DOWN');
    form.onKey('RIGHT');
    expect(drawn(form, 3)[2]).toMatch(/^Note {2}a text .* too much$/);
    form.onKey('UP');
    form.onKey('x');
    expect(form.accept()).toBeNull();
    expect(form.focused.id).toBe('note');
    form.onKey('CTRL_U');
    expect(form.accept()).toEqual({ name: 'x', kind: 'large', note: '' });
  });

  it('turns choices around the end, and by their first letters', () => {
    const form = new Form(FIELDS);
    form.onKey('TAB');
    const kindAfter = (...keys: string[]): string => {
      for (const key of keys) form.onKey(key);
      return form.values.kind;
    };
    expect([kindAfter('LEFT'), kindAfter(' '), kindAfter('l'), kindAfter('l'), kindAfter('S'), kindAfter('q')]).toEqual(
      ['largest', 'small', 'large', 'largest', 'small', 'small'],
    );
  });

  it('scrolls to the field in focus', () => {
    const form = new Form(FIELDS);
    form.onKey('UP');
    expect(drawn(form, 2)[1]).toMatch(/^Note/);
    form.onKey('UP');
    form.onKey('UP');
    expect(drawn(form, 2)[0]).toMatch(/^Name/);
  });

  it('goes by mouse', () => {
    const form = new Form(FIELDS);
    drawn(form);
    expect(form.onMouse({ kind: 'press', x: 8, y: 1 })).toBe(true);
    expect(form.values.kind).toBe('small');
    form.onMouse({ kind: 'press', x: 8, y: 1 });
    expect(form.values.kind).toBe('large');
    expect(form.onMouse({ kind: 'press', x: 8, y: 2 })).toBe(false);
    form.onMouse({ kind: 'wheel-down', x: 8, y: 1 });
    expect(form.focused.id).toBe('note');
  });
});

it('a question with several answers does what is chosen, after it has closed; Esc does nothing', () => {
  const answers = [
    { keys: ['ENTER', 's'], label: 'Enter', help: 'Save', bar: 'Save', run: () => REDRAW },
    { keys: ['d'], label: 'd', help: 'Discard', bar: 'Discard', run: () => BACK },
  ];
  const dialog = askDialog('Leave', 'Really?', answers, 'Stay');
  expect(dialog.onKey('s')).toEqual({ type: 'all', reactions: [BACK, REDRAW] });
  expect(dialog.onKey('d')).toEqual({ type: 'all', reactions: [BACK, BACK] });
  expect(dialog.onKey('ESCAPE')).toEqual(BACK);
});
