/**
 * The form of one rule: its fields with what is wrong beside them, the help of the field in focus, and the rule as one
 * line of text. Enter hands the rule over to the editor; nothing is saved by that.
 *
 *   ┌ Rule 2 of web ─────────────────────┐
 *   │ fields                  a problem  │
 *   ├────────────────────────────────────┤
 *   │ help, two lines                    │
 *   │ include tcp to any port 80,443     │
 *   └ live count ────────────────────────┘
 */
import type { Filter, FilterRule } from '../../filters/filter.ts';
import { ruleText } from '../../filters/rule-text.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea } from '../kit/chrome.ts';
import { type Answer, askDialog, drawBox } from '../kit/dialog.ts';
import { Form } from '../kit/form.ts';
import { BACK, dispatchKey, IGNORED, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { clipText, fitText, wrapText } from '../kit/text.ts';
import type { LiveCount } from './live-count.ts';
import { fieldProblems, ruleFields, ruleOf } from './rule-fields.ts';

export interface RuleFormOptions {
  title: string;
  rule: FilterRule;
  count: LiveCount;
  /** The edited filter with this rule in its place. */
  candidate(rule: FilterRule): Filter;
  /** Takes the rule over, once the form has closed. */
  accept(rule: FilterRule): Reaction;
}

const WIDEST = 100;
const HELP_LINES = 2;
/** Lines for the rule as text where there is room; else one. */
const TEXT_LINES = 2;

export class RuleForm implements Screen {
  readonly overlay = true;
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #options: RuleFormOptions;
  readonly #form: Form;
  readonly #before: string;

  constructor(options: RuleFormOptions) {
    this.title = options.title;
    this.#options = options;
    this.#form = new Form(ruleFields(options.rule), fieldProblems);
    this.#before = JSON.stringify(this.#form.values);
    const edit = (key: string): Reaction => this.#edit(key);
    this.keys = [
      { keys: ['ENTER'], label: 'Enter', help: 'Take the rule over', bar: 'Take over', run: () => this.#accept() },
      {
        keys: ['TAB', 'DOWN', 'UP', 'SHIFT_TAB'],
        label: 'Tab',
        help: 'Field below or above',
        bar: 'Next field',
        run: edit,
      },
      {
        keys: [' ', 'LEFT', 'RIGHT'],
        label: 'Space',
        help: 'The next choice, or the one before',
        bar: 'Turn',
        run: edit,
      },
      { keys: ['CTRL_U'], label: '^U', help: 'Clear the field', bar: 'Clear', run: edit },
      {
        keys: ['ESCAPE', 'CTRL_C'],
        label: 'Esc',
        help: 'Leave the rule as it was',
        bar: 'Cancel',
        run: () => this.#cancel(),
      },
    ];
  }

  queries(): [] {
    return [];
  }

  statusText(): string {
    return 'Enter takes the rule over into the editor; s saves there';
  }

  /** The edited filter as the form has it; null while a field is wrong. */
  #candidate(): Filter | null {
    if (Object.keys(this.#form.problems).length > 0) return null;
    return this.#options.candidate(ruleOf(this.#form.values));
  }

  poll(): Promise<void> {
    return this.#options.count.poll(this.#candidate());
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const below = 1 + HELP_LINES + TEXT_LINES;
    const { least, roomy } = this.#form.heightBeside;
    const height = content.height - 2 >= roomy + below ? roomy + below : Math.max(least + below - 1, 0);
    const inside = drawBox(canvas, this.title, Math.min(content.width, WIDEST) - 4, height);
    const textLines = inside.height >= roomy + below ? TEXT_LINES : 1;
    const fields = { ...inside, height: Math.max(1, inside.height - 1 - HELP_LINES - textLines) };
    this.#form.drawBeside(canvas, fields, inside.x + inside.width + 1);
    this.#drawBelow(canvas, { ...inside, y: fields.y + fields.height, height: inside.height - fields.height });
  }

  /** A line, the help or the problem of the field in focus, the rule as text; the live count in the border. */
  #drawBelow(canvas: Canvas, area: Area): void {
    const { x, y, width, height } = area;
    canvas.text(x - 2, y, `├${'─'.repeat(width + 2)}┤`, 'dialogFrame');
    const problem = this.#form.focusedProblem;
    const help = firstLines(this.#form.focused.help ?? '', width, HELP_LINES);
    for (const [i, line] of help.entries()) canvas.text(x, y + 1 + i, line, 'dialog');
    if (problem !== null) canvas.text(x, y + HELP_LINES, fitText(problem, width), 'fieldError');
    const rule = firstLines(ruleText(ruleOf(this.#form.values)), width, height - 1 - HELP_LINES);
    for (const [i, line] of rule.entries()) canvas.text(x, y + 1 + HELP_LINES + i, line, 'hotKey');
    const counted = this.#options.count.of(this.#candidate());
    if (counted === null) return;
    const text = clipText(counted.text, width - 2);
    canvas.text(x - 1, y + height, ` ${text} `, counted.refused ? 'fieldError' : 'dialog');
  }

  #edit(key: string): Reaction {
    return this.#form.onKey(key) ? REDRAW : IGNORED;
  }

  onKey(key: string): Reaction {
    const reaction = dispatchKey(this.keys, key);
    return reaction.type === 'ignored' ? this.#edit(key) : reaction;
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#form.onMouse(event) ? REDRAW : IGNORED;
  }

  /** Closes the form and hands the rule over; while a field is wrong it stays. */
  #accept(): Reaction {
    const values = this.#form.accept();
    if (values === null) return REDRAW;
    return { type: 'all', reactions: [BACK, this.#options.accept(ruleOf(values))] };
  }

  #cancel(): Reaction {
    if (JSON.stringify(this.#form.values) === this.#before) return BACK;
    const answers: Answer[] = [
      {
        keys: ['ENTER', 't', 'T'],
        label: 'Enter',
        help: 'Take the rule over',
        bar: 'Take over',
        run: () => this.#accept(),
      },
      { keys: ['d', 'D'], label: 'd', help: 'Leave the rule as it was', bar: 'Discard', run: () => BACK },
    ];
    return { type: 'open', screen: askDialog(this.title, 'The rule was changed.', answers, 'Go on') };
  }
}

/** As many lines of a text as there is room for; the last one says that there is more. */
function firstLines(text: string, width: number, height: number): string[] {
  const lines = wrapText(text, width);
  if (lines.length <= height) return lines;
  return lines.slice(0, height).with(-1, clipText(lines.slice(height - 1).join(' '), width));
}
