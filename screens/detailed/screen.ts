/**
 * The detailed interface statistics screen: one interface, or the sum of all, by class of traffic; rates below, then the
 * history. What has no room is left out from the graph on; lines that do not fit are scrolled.
 *
 *   ┌ titles ──────────────────────┐
 *   │ classes, the kernel's count  │
 *   ├ titles of the rates ─────────┤
 *   │ now, average, peak           │
 *   ├ title of the graph ──────────┤
 *   │ graph                        │
 *   └ time ────────────────────────┘
 *   errors, link, addresses
 */
import { DEFAULT_RATE_FORMAT } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { drawFigures } from '../kit/figures.ts';
import { binding, dispatchKey, IGNORED, type KeyBinding, REDRAW, REFRESH } from '../kit/keys.ts';
import type { MonitorQuery, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { saveDialog } from '../kit/table-dialogs.ts';
import { textWidth } from '../kit/text.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import { drawHeading, drawLine, drawRule } from './draw-line.ts';
import { factLineCount, factLines, titleWords } from './facts.ts';
import { drawGraph, type Graph, graphPoints, graphTitle, knownDirections, stepTitle } from './graph.ts';
import { classHeading, type DetailedLine, type DetailedView, detailedLines } from './lines.ts';
import {
  type DetailedExtra,
  type DetailedOptions,
  type DetailedRow,
  HISTORY_RESOLUTIONS,
  type HistoryMeasure,
  type HistoryResolution,
} from './types.ts';

export interface DetailedScreenOptions extends MonitorScreenOptions {
  /** Shows this interface alone, whatever else is captured. */
  interface?: string;
}

/** Least lines of a graph, and of its part of the frame: a title more. */
const LEAST_GRAPH = 2;
/** Terminals from this content height on have more than one line of facts. */
const ROOMY_HEIGHT = 27;
/** Values asked for before the first frame told how many fit. */
const FIRST_POINTS = 120;

export class DetailedScreen implements Screen {
  readonly #keys: readonly KeyBinding[];
  readonly #watched: string;
  /** The only one that is shown, or null. */
  readonly #fixed: string | null;
  #interface: string | null;
  #view: DetailedView;
  #resolution: HistoryResolution = 1;
  #graphs: Graph['measure'] = 'bytes';
  #points = FIRST_POINTS;
  #snapshot: Snapshot<DetailedRow> | null = null;
  /** First line shown, and how many there were room for. */
  #scroll = 0;
  #visible = 0;

  constructor(options: DetailedScreenOptions) {
    this.#watched = options.watched;
    this.#fixed = options.interface ?? null;
    this.#interface = this.#fixed;
    this.#view = { rate: options.rate ?? DEFAULT_RATE_FORMAT, byteKind: options.byteKind ?? 'ip' };
    this.#keys = this.#bindings();
  }

  /** The key bar offers other interfaces only where there are any. */
  get keys(): readonly KeyBinding[] {
    const several = this.#extra === null || this.#extra.interfaces.length > 1;
    return several ? this.#keys : this.#keys.map((key) => (key.label === 'Tab' ? { ...key, bar: null } : key));
  }

  get title(): string {
    return `Detailed statistics: ${titleWords(this.#fixed ?? this.#watched, this.#extra, this.#isLive)}`;
  }

  get #isLive(): boolean {
    return this.#snapshot?.capture.source !== 'savefile';
  }

  get #extra(): DetailedExtra | null {
    return this.#snapshot === null ? null : (this.#snapshot.extra as unknown as DetailedExtra);
  }

  queries(): readonly MonitorQuery[] {
    return [this.#query({ resolution: this.#resolution, points: this.#points, measure: this.#measure() })];
  }

  #query(history: DetailedOptions['history']): MonitorQuery {
    const options: DetailedOptions = { interface: this.#interface, history };
    const query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: { ...options } };
    return { monitor: 'detailed', query };
  }

  #measure(): HistoryMeasure {
    if (this.#graphs === 'packets') return 'packets';
    return this.#view.byteKind === 'wire' ? 'wireBytes' : 'ipBytes';
  }

  update(snapshots: readonly Snapshot[]): void {
    this.#snapshot = snapshots[0] as Snapshot<DetailedRow>;
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const extra = this.#extra;
    const roomy = content.height >= ROOMY_HEIGHT && extra !== null;
    const facts = roomy ? factLineCount(extra) : 1;
    const area = { ...content, height: content.height - facts };
    canvas.frame(area.x, area.y, area.width, area.height, 'frame');
    this.#drawInside(canvas, area);
    this.#drawFacts(canvas, content, facts);
  }

  #drawInside(canvas: Canvas, frame: Area): void {
    const body = inner(frame);
    this.#points = graphPoints(body.width, canvas.ascii);
    drawHeading(canvas, frame, frame.y, classHeading(this.#view));
    const [snapshot, extra] = [this.#snapshot, this.#extra];
    if (snapshot === null || extra === null) {
      this.#say(canvas, body, 'waiting for the first figures');
      return;
    }
    const lines = detailedLines(snapshot.rows, extra, this.#view, this.#isLive);
    if (lines.length === 0) {
      this.#say(canvas, body, 'libpcap watches all interfaces as one: none is known alone');
      return;
    }
    this.#drawLines(canvas, frame, lines);
    const left = body.height - lines.length - 1;
    if (left < LEAST_GRAPH) return;
    const area = { ...body, y: body.y + lines.length + 1, height: left };
    this.#drawHistory(canvas, frame, area, snapshot.rows[0], extra);
  }

  #say(canvas: Canvas, { x, y, width, height }: Area, text: string): void {
    canvas.text(x + ((width - textWidth(text)) >> 1), y + (height >> 1), text, 'dim');
  }

  #drawLines(canvas: Canvas, frame: Area, lines: readonly DetailedLine[]): void {
    const body = inner(frame);
    this.#visible = Math.min(lines.length, body.height);
    this.#scroll = Math.max(0, Math.min(this.#scroll, lines.length - this.#visible));
    for (const [i, line] of lines.slice(this.#scroll, this.#scroll + this.#visible).entries()) {
      if (line.kind === 'figures') drawLine(canvas, body, body.y + i, line);
      else {
        drawRule(canvas, frame, body.y + i);
        drawHeading(canvas, frame, body.y + i, line);
      }
    }
    if (this.#visible === lines.length) return;
    const place = ` lines ${this.#scroll + 1} to ${this.#scroll + this.#visible} of ${lines.length}: Up, Down `;
    canvas.text(frame.x + 2, frame.y + frame.height - 1, place, 'title');
  }

  #drawHistory(canvas: Canvas, frame: Area, area: Area, total: DetailedRow, extra: DetailedExtra): void {
    const y = area.y - 1;
    drawRule(canvas, frame, y);
    if (extra.history === null) {
      this.#say(canvas, area, this.#noHistory());
      return;
    }
    const graph: Graph = {
      history: extra.history,
      knows: knownDirections(total),
      measure: this.#graphs,
      view: this.#view,
    };
    canvas.text(frame.x + 1, y, ` ${graphTitle(graph)} `, 'title');
    const step = ` ${stepTitle(extra.history.resolution, canvas.ascii)} `;
    canvas.text(frame.x + frame.width - 2 - textWidth(step), y, step, 'title');
    drawGraph(canvas, area, graph);
  }

  #noHistory(): string {
    return this.#snapshot?.capture.source === 'counters'
      ? 'no history of IP bytes: the kernel counts frames (b)'
      : 'no history: too many interfaces carried something';
  }

  #drawFacts(canvas: Canvas, content: Area, count: number): void {
    const extra = this.#extra;
    const y = content.y + content.height - count;
    const lines = extra === null ? [] : factLines(extra, this.#view.rate.base, count);
    for (let i = 0; i < count; i++) drawFigures(canvas, y + i, lines[i] ?? []);
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }

  onMouse({ kind }: MouseEvent): Reaction {
    if (kind === 'press') return IGNORED;
    return this.#scrollTo(this.#scroll + (kind === 'wheel-up' ? -1 : 1));
  }

  #bindings(): KeyBinding[] {
    const choose = [
      binding(['TAB', 'RIGHT', 'w', 'W'], 'Tab', 'Interface', 'Next interface; first comes the sum of all', () =>
        this.#nextInterface(1),
      ),
      binding(['SHIFT_TAB', 'LEFT'], 'Left', null, 'Interface before', () => this.#nextInterface(-1)),
    ];
    return [
      ...(this.#fixed === null ? choose : []),
      binding(['+', '-', '=', 't', 'T'], '+/-', 'Step', 'History by 1 s, 10 s, 1 min (t: next)', (pressed) =>
        this.#changeStep(pressed),
      ),
      binding(['p', 'P'], 'p', 'Packets', 'History of packets, or of bytes', () => this.#toggleMeasure()),
      binding(['b', 'B'], 'b', 'Wire', 'Bytes of IP packets, or of whole frames', () => this.#toggleBytes()),
      binding(['CTRL_S'], '^S', null, 'Save all lines as CSV', () => this.#openSave()),
      binding(['l', 'L'], 'L', null, 'Draw the screen anew', () => ({ type: 'repaint' })),
      binding(['UP', 'DOWN'], 'Up/Dn', null, 'Scroll, where not all lines fit', (pressed) =>
        this.#scrollTo(this.#scroll + (pressed === 'UP' ? -1 : 1)),
      ),
      binding(['PAGE_UP', 'PAGE_DOWN', ' '], 'PgUp/PgDn', null, 'One page up or down', (pressed) =>
        this.#scrollTo(this.#scroll + (pressed === 'PAGE_UP' ? -this.#visible : this.#visible)),
      ),
      binding(['HOME', 'END'], 'Home/End', null, 'First lines; last lines', (pressed) =>
        this.#scrollTo(pressed === 'HOME' ? 0 : Number.MAX_SAFE_INTEGER),
      ),
    ];
  }

  /** The sum, then each interface; with one alone there is nothing to choose. */
  #nextInterface(way: 1 | -1): Reaction {
    const names = this.#extra?.interfaces ?? [];
    if (names.length < 2) return IGNORED;
    const choices = [null, ...names];
    const at = Math.max(0, choices.indexOf(this.#interface));
    this.#interface = choices[(at + way + choices.length) % choices.length];
    return REFRESH;
  }

  #changeStep(key: string): Reaction {
    const at = HISTORY_RESOLUTIONS.indexOf(this.#resolution);
    const last = HISTORY_RESOLUTIONS.length - 1;
    const next =
      key === 't' || key === 'T' ? (at + 1) % (last + 1) : Math.max(0, Math.min(last, at + (key === '-' ? 1 : -1)));
    this.#resolution = HISTORY_RESOLUTIONS[next];
    return REFRESH;
  }

  #toggleMeasure(): Reaction {
    this.#graphs = this.#graphs === 'bytes' ? 'packets' : 'bytes';
    return REFRESH;
  }

  #toggleBytes(): Reaction {
    this.#view = { ...this.#view, byteKind: this.#view.byteKind === 'ip' ? 'wire' : 'ip' };
    return REFRESH;
  }

  #openSave(): Reaction {
    if (this.#snapshot === null) return IGNORED;
    return saveDialog('detailed', this.#snapshot.time, this.#query(null));
  }

  /** Drawing keeps it within what there is. */
  #scrollTo(line: number): Reaction {
    this.#scroll = Math.max(0, line);
    return REDRAW;
  }
}
