/**
 * Dialogs: small boxes over the screen below — a message, a question, a list to choose from, a line to type. Each is a
 * Screen of its own (overlay); what was chosen becomes a reaction, carried out after the dialog has closed.
 */
import type { Area, Canvas } from './canvas.ts';
import { centeredArea } from './chrome.ts';
import { Form, type FormField } from './form.ts';
import { InputLine } from './input-line.ts';
import { BACK, dispatchKey, IGNORED, type KeyBinding, REDRAW } from './keys.ts';
import type { MouseEvent, Reaction, Screen } from './screen.ts';
import { drawScrollbar } from './table.ts';
import { fitText, textWidth, wrapText } from './text.ts';

/** Widest text of a message. */
const MESSAGE_WIDTH = 56;
/** Cells beside the inside of a box. */
const BOX_BORDERS = 4;

const closeThen = (reaction: Reaction): Reaction => ({ type: 'all', reactions: [BACK, reaction] });

/** An empty box for `width` times `height` cells in the middle of the content, cut to it; returns its inside. */
export function drawBox(canvas: Canvas, title: string, width: number, height: number): Area {
  const box = centeredArea(canvas, width + BOX_BORDERS, height + 2);
  canvas.fill(box.x, box.y, box.width, box.height, ' ', 'dialog');
  canvas.frame(box.x, box.y, box.width, box.height, 'dialogFrame', { topLeft: title, style: 'dialog' });
  return { x: box.x + 2, y: box.y + 1, width: box.width - BOX_BORDERS, height: box.height - 2 };
}

class TextDialog implements Screen {
  readonly overlay = true;
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #lines: string[];

  constructor(title: string, text: string, keys: readonly KeyBinding[]) {
    this.title = title;
    this.keys = keys;
    this.#lines = text.split('\n').flatMap((line) => wrapText(line, MESSAGE_WIDTH));
  }

  queries(): [] {
    return [];
  }

  draw(canvas: Canvas): void {
    const buttons = this.keys.map((key) => `${key.label} ${key.bar ?? ''}`).join('   ');
    const width = Math.max(textWidth(this.title) + 2, textWidth(buttons), ...this.#lines.map(textWidth));
    const inner = drawBox(canvas, this.title, width, this.#lines.length + 2);
    const visible = this.#lines.slice(0, Math.max(0, inner.height - 1));
    for (const [i, line] of visible.entries()) canvas.text(inner.x, inner.y + i, line, 'dialog');
    let x = inner.x + ((inner.width - textWidth(buttons)) >> 1);
    for (const key of this.keys) {
      canvas.text(x, inner.y + inner.height - 1, key.label, 'hotKey');
      canvas.text(x + textWidth(key.label) + 1, inner.y + inner.height - 1, key.bar ?? '', 'dialog');
      x += textWidth(`${key.label} ${key.bar ?? ''}   `);
    }
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }
}

/** A text that Enter or Esc closes. */
export function messageDialog(title: string, text: string): Screen {
  const run = (): Reaction => BACK;
  return new TextDialog(title, text, [
    { keys: ['ENTER', 'ESCAPE', 'q', ' '], label: 'Enter', help: 'Close', bar: 'Close', run },
  ]);
}

/** A question; Enter or y carries out the reaction (or what answers with one), everything that leaves does not. */
export function confirmDialog(title: string, question: string, yes: Reaction | (() => Reaction)): Screen {
  return new TextDialog(title, question, [
    {
      keys: ['ENTER', 'y', 'Y'],
      label: 'Enter',
      help: 'Do it',
      bar: 'Yes',
      run: () => closeThen(typeof yes === 'function' ? yes() : yes),
    },
    { keys: ['ESCAPE', 'n', 'N', 'q'], label: 'Esc', help: 'Leave it as it is', bar: 'No', run: () => BACK },
  ]);
}

/** One way out of a question; what it answers is carried out after the dialog has closed. */
export interface Answer extends KeyBinding {
  bar: string;
}

/** A question with several answers, and Esc (or Ctrl-C, which may have raised it), which changes nothing. */
export function askDialog(title: string, question: string, answers: readonly Answer[], stay: string): Screen {
  return new TextDialog(title, question, [
    ...answers.map((answer): KeyBinding => ({ ...answer, run: (key) => closeThen(answer.run(key)) })),
    { keys: ['ESCAPE', 'q', 'CTRL_C'], label: 'Esc', help: 'Leave it as it is', bar: stay, run: () => BACK },
  ]);
}

export interface Choice {
  label: string;
  /** Letter that chooses at once, or absent. */
  hotKey?: string;
  run(): Reaction;
}

class ChooseDialog implements Screen {
  readonly overlay = true;
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #choices: readonly Choice[];
  #selected: number;
  #offset = 0;
  #top = 0;
  #visible = 1;

  constructor(title: string, choices: readonly Choice[], selected: number) {
    this.title = title;
    this.#choices = choices;
    this.#selected = Math.min(Math.max(0, selected), choices.length - 1);
    const move = (by: number) => (): Reaction => this.#move(this.#selected + by);
    this.keys = [
      { keys: ['UP'], label: 'Up', help: 'Entry above', bar: null, run: move(-1) },
      { keys: ['DOWN'], label: 'Down', help: 'Entry below', bar: null, run: move(1) },
      { keys: ['PAGE_UP', 'HOME'], label: 'Home', help: 'First entry', bar: null, run: () => this.#move(0) },
      {
        keys: ['PAGE_DOWN', 'END'],
        label: 'End',
        help: 'Last entry',
        bar: null,
        run: () => this.#move(choices.length - 1),
      },
      { keys: ['ENTER'], label: 'Enter', help: 'Choose', bar: 'Choose', run: () => this.#choose(this.#selected) },
      { keys: ['ESCAPE', 'q'], label: 'Esc', help: 'Leave it as it is', bar: 'Cancel', run: () => BACK },
    ];
  }

  queries(): [] {
    return [];
  }

  #move(to: number): Reaction {
    const count = this.#choices.length;
    this.#selected = (to + count) % count;
    return REDRAW;
  }

  #choose(i: number): Reaction {
    const choice = this.#choices[i];
    return choice === undefined ? BACK : closeThen(choice.run());
  }

  draw(canvas: Canvas): void {
    const width = Math.max(textWidth(this.title) + 2, ...this.#choices.map((choice) => textWidth(choice.label) + 6));
    const inner = drawBox(canvas, this.title, width, this.#choices.length);
    this.#visible = Math.max(1, inner.height);
    this.#top = inner.y;
    // A terminal that has grown shows more: what was scrolled past the top comes back.
    const most = Math.max(0, this.#choices.length - this.#visible);
    this.#offset = Math.min(Math.max(this.#offset, this.#selected - this.#visible + 1), this.#selected, most);
    for (let line = 0; line < Math.min(this.#visible, this.#choices.length); line++) {
      const i = this.#offset + line;
      const { label, hotKey } = this.#choices[i];
      const style = i === this.#selected ? 'menuSelected' : 'dialog';
      canvas.text(inner.x - 1, inner.y + line, fitText(` ${hotKey ?? ' '}  ${label}`, inner.width + 2), style);
      if (i !== this.#selected) canvas.restyle(inner.x, inner.y + line, 1, 1, 'hotKey');
    }
    const scroll = { offset: this.#offset, visible: this.#visible, total: this.#choices.length };
    drawScrollbar(canvas, { x: inner.x + inner.width + 1, y: inner.y, width: 1, height: inner.height }, scroll);
  }

  onKey(key: string): Reaction {
    const hot = this.#choices.findIndex((choice) => choice.hotKey === key);
    return hot >= 0 ? this.#choose(hot) : dispatchKey(this.keys, key);
  }

  onMouse(event: MouseEvent): Reaction {
    if (event.kind !== 'press') return this.#move(this.#selected + (event.kind === 'wheel-up' ? -1 : 1));
    const line = event.y - this.#top;
    return line >= 0 && line < this.#visible ? this.#choose(this.#offset + line) : IGNORED;
  }
}

/** A list to choose from (sort picker). `selected` is the index marked at first. */
export function chooseDialog(title: string, choices: readonly Choice[], selected = 0): Screen {
  return new ChooseDialog(title, choices, selected);
}

class InputDialog implements Screen {
  readonly overlay = true;
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #line: InputLine;

  constructor(title: string, text: string, accept: (text: string) => Reaction) {
    this.title = title;
    this.#line = new InputLine(text);
    this.keys = [
      { keys: ['ENTER'], label: 'Enter', help: 'Accept', bar: 'Accept', run: () => closeThen(accept(this.#line.text)) },
      { keys: ['CTRL_U'], label: '^U', help: 'Clear the line', bar: 'Clear', run: () => this.#edit('CTRL_U') },
      { keys: ['ESCAPE'], label: 'Esc', help: 'Leave it as it was', bar: 'Cancel', run: () => BACK },
    ];
  }

  queries(): [] {
    return [];
  }

  #edit(key: string): Reaction {
    return this.#line.onKey(key) ? REDRAW : IGNORED;
  }

  draw(canvas: Canvas): void {
    const inner = drawBox(canvas, this.title, Math.max(40, textWidth(this.title) + 2), 1);
    this.#line.draw(canvas, inner.x, inner.y, inner.width);
  }

  onKey(key: string): Reaction {
    const reaction = dispatchKey(this.keys, key);
    return reaction.type === 'ignored' ? this.#edit(key) : reaction;
  }
}

/** A line to type (search); what was typed is handed over on Enter. */
export function inputDialog(title: string, text: string, accept: (text: string) => Reaction): Screen {
  return new InputDialog(title, text, accept);
}

/** Cells of a form's fields with their labels. */
const FORM_WIDTH = 60;

class FormDialog implements Screen {
  readonly overlay = true;
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #text: string;
  /** Above the fields, for whichever is in focus. */
  readonly #texts: readonly string[];
  readonly #form: Form;

  constructor(title: string, text: string, fields: readonly FormField[], accept: FormAccept) {
    this.title = title;
    this.#text = text;
    this.#texts = fields.map(({ help }) => help ?? text);
    this.#form = new Form(fields);
    const move: KeyBinding = {
      keys: ['TAB', 'DOWN', 'UP', 'SHIFT_TAB'],
      label: 'Tab',
      help: 'Field below or above',
      bar: 'Next field',
      run: (key) => this.#edit(key),
    };
    this.keys = [
      { keys: ['ENTER'], label: 'Enter', help: 'Accept', bar: 'Accept', run: () => this.#accept(accept) },
      ...(fields.length > 1 ? [move] : []),
      { keys: ['CTRL_U'], label: '^U', help: 'Clear the field', bar: 'Clear', run: (key) => this.#edit(key) },
      { keys: ['ESCAPE'], label: 'Esc', help: 'Leave it as it was', bar: 'Cancel', run: () => BACK },
    ];
  }

  queries(): [] {
    return [];
  }

  #accept(accept: FormAccept): Reaction {
    const values = this.#form.accept();
    return values === null ? REDRAW : closeThen(accept(values));
  }

  #edit(key: string): Reaction {
    return this.#form.onKey(key) ? REDRAW : IGNORED;
  }

  draw(canvas: Canvas): void {
    const width = Math.min(FORM_WIDTH, canvas.width - BOX_BORDERS);
    // The longest text's: the box does not jump from one field to the next.
    const textHeight = Math.max(...this.#texts.map((text) => wrapText(text, width).length));
    const inner = drawBox(canvas, this.title, width, textHeight + 1 + this.#form.height);
    // On a low screen the fields stay, the text goes.
    const room = Math.min(textHeight, Math.max(0, inner.height - 1 - this.#form.height));
    const lines = wrapText(this.#form.focused.help ?? this.#text, width).slice(0, room);
    for (const [i, line] of lines.entries()) canvas.text(inner.x, inner.y + i, line, 'dialog');
    const above = room === 0 ? 0 : room + 1;
    this.#form.draw(canvas, { ...inner, y: inner.y + above, height: inner.height - above });
  }

  onKey(key: string): Reaction {
    const reaction = dispatchKey(this.keys, key);
    return reaction.type === 'ignored' ? this.#edit(key) : reaction;
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#form.onMouse(event) ? REDRAW : IGNORED;
  }
}

type FormAccept = (values: Record<string, string>) => Reaction;

/**
 * Fields to fill in below a text that says what they are for, or the help of the field in focus. Enter hands them over once no
 * check complains.
 */
export function formDialog(title: string, text: string, fields: readonly FormField[], accept: FormAccept): Screen {
  return new FormDialog(title, text, fields, accept);
}
