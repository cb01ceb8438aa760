/**
 * Navigator: the stack of screens and the one loop. It pulls snapshots for the screen on top, hands it keys, carries
 * its reactions out, and draws. Screens change nothing by themselves; nothing else draws.
 *
 *   key ─► top screen ─► reaction ─┐                    ┌─► page(query) ─► update ─┐
 *          common keys ─► reaction ┴─► carry out ───────┤                          ├─► draw
 *                                                       └──────────────────────────┘
 */
import { ActiveAlerts } from '../src/alerts/active-alerts.ts';
import { OperatorError } from '../src/base/errors.ts';
import type { Snapshot, SnapshotHead } from '../src/engine/messages.ts';
import type { MonitorName, Query } from '../src/engine/monitor.ts';
import type { SettingChanges } from '../src/store/settings-table.ts';
import { factMessage, type ScreenFact } from './engine-facts.ts';
import type { FilterControl } from './filters/control.ts';
import { createFilters } from './filters/screen.ts';
import { createHelp } from './help/screen.ts';
import { drawScreens } from './kit/chrome.ts';
import { confirmDialog, messageDialog } from './kit/dialog.ts';
import { dispatchKey, IGNORED, type KeyBinding, REDRAW } from './kit/keys.ts';
import type { EngineRequest, MonitorQuery, MouseEvent, Reaction, Screen } from './kit/screen.ts';
import type { StatusMessage } from './kit/status-line.ts';
import type { Surface } from './kit/surface.ts';
import { textWidth } from './kit/text.ts';

export type { ScreenFact };

/** The engine as the loop sees it. */
export interface NavigatorClient {
  page(monitor: MonitorName, query: Query): Promise<Snapshot>;
  reset(): Promise<void>;
  command(monitor: MonitorName, command: string, args: Record<string, unknown>): Promise<unknown>;
  /** Writes every row that the question selects to a new CSV file; returns how many. */
  save(path: string, question: MonitorQuery): Promise<number>;
  /** Subscribes; returns the undo. */
  onFact(handler: (fact: ScreenFact) => void): () => void;
}

/** The settings that the loop itself goes by, and where changes of settings go. */
export interface NavigatorSettings {
  readonly current: { readonly refreshSeconds: number };
  /** Settles when they are saved. */
  change(changes: SettingChanges): Promise<void>;
}

export interface NavigatorOptions {
  surface: Surface;
  client: NavigatorClient;
  settings: NavigatorSettings;
  filters: FilterControl;
  /** The screen that Esc leaves the program from. */
  first: Screen;
  /** Name and version for the title line. */
  program: string;
}

/** While nothing is captured, only the time on the status line changes. */
const QUIET_PULL_INTERVAL_MS = 1000;
const POLL_INTERVAL_MS = 1000;
/** Names come one by one: they are drawn together, and with whatever else is drawn meanwhile. */
const NAMES_DRAW_MS = 250;
/** While the terminal has not taken the last frame. */
const BUSY_RETRY_MS = 30;
/** How long a message stands on the status line. Errors stay until a key is pressed. */
const MESSAGE_MS = 8000;
/** A word about what a key did. */
const HINT_MS = 3000;
/** Said to keys that want rows which are not at hand: another order, a search, a page further on. */
const PAUSED_HINT = 'paused: these rows are held, others come when Ctrl-P goes on';

export class Navigator {
  readonly #surface: Surface;
  readonly #client: NavigatorClient;
  readonly #settings: NavigatorSettings;
  readonly #filters: FilterControl;
  readonly #program: string;
  readonly #stack: Screen[];
  readonly #heads = new WeakMap<Screen, SnapshotHead>();
  readonly #common: readonly KeyBinding[];
  #paused = false;
  /** The screen that stood there when the pause began: it stays as it was, also without figures. */
  #pausedOn: Screen | null = null;
  #message: StatusMessage | null = null;
  readonly #alerts = new ActiveAlerts();
  #messageTimer: NodeJS.Timeout | null = null;
  #lost = false;
  #pulling = false;
  #pullAgain = false;
  /** The last pull brought no new packets. */
  #isQuiet = false;
  #pullTimer: NodeJS.Timeout | null = null;
  #lastPull = Number.NEGATIVE_INFINITY;
  #drawTimer: NodeJS.Timeout | null = null;
  #drawSoon: NodeJS.Immediate | null = null;
  #pollTimer: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;
  #left: (() => void) | null = null;
  #isDone = false;

  constructor({ surface, client, settings, filters, first, program }: NavigatorOptions) {
    this.#surface = surface;
    this.#client = client;
    this.#settings = settings;
    this.#filters = filters;
    this.#program = program;
    this.#stack = [first];
    this.#common = this.#commonBindings();
  }

  /** Runs until the operator leaves or leave() is called. Gives every timer and subscription back. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#left = resolve;
      this.#unsubscribe = this.#client.onFact((fact) => this.#onFact(fact));
      this.#pollTimer = setInterval(() => this.#poll(), POLL_INTERVAL_MS);
      this.#poll();
      this.#draw();
      this.#pull();
    });
  }

  /** Ends the loop: signals, time over. Idempotent. */
  leave(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#unsubscribe?.();
    for (const timer of [this.#messageTimer, this.#pullTimer, this.#drawTimer, this.#pollTimer]) {
      if (timer !== null) clearTimeout(timer);
    }
    if (this.#drawSoon !== null) clearImmediate(this.#drawSoon);
    for (const screen of this.#stack.splice(0).reverse()) screen.close?.();
    this.#left?.();
  }

  /** Puts a screen on top: a dialog about what happened before there was a screen. */
  open(screen: Screen): void {
    this.#carryOut({ type: 'open', screen });
  }

  /** A message on the status line. Errors stay until a key is pressed, the rest for a few seconds. */
  say(text: string, style: StatusMessage['style'] = 'status'): void {
    this.#say(text, style, MESSAGE_MS);
  }

  #say(text: string, style: StatusMessage['style'], milliseconds: number): void {
    if (this.#isDone || this.#lost) return;
    this.#message = { text, style };
    if (this.#messageTimer !== null) clearTimeout(this.#messageTimer);
    this.#messageTimer = style === 'error' ? null : setTimeout(() => this.#clearMessage(), milliseconds);
    this.#redraw();
  }

  #clearMessage(): void {
    if (this.#message === null || this.#lost) return;
    this.#message = null;
    this.#redraw();
  }

  /** The screen on top. */
  get top(): Screen {
    return this.#stack[this.#stack.length - 1];
  }

  onKey(key: string): void {
    if (this.#isDone) return;
    if (this.#message?.style === 'error') this.#clearMessage();
    let reaction = this.top.onKey(key);
    if (reaction.type === 'ignored') reaction = this.#onCommonKey(key);
    this.#carryOut(reaction);
  }

  onMouse(event: MouseEvent): void {
    if (!this.#isDone) this.#carryOut(this.top.onMouse?.(event) ?? IGNORED);
  }

  /** The size changed: lay out at once, then ask for the rows that fit now. */
  onResize(): void {
    this.#surface.forget();
    this.#draw();
    this.#refresh();
  }

  /** The terminal came back after a stop. */
  onResume(): void {
    this.#surface.forget();
    this.#draw();
    this.#refresh();
  }

  #commonBindings(): KeyBinding[] {
    const bind = (keys: string[], run: () => Reaction): KeyBinding => ({ keys, label: '', help: '', bar: null, run });
    return [
      bind(['?', 'F1'], () => ({ type: 'open', screen: createHelp(this.top) })),
      bind(['CTRL_P'], () => this.#togglePause()),
      bind(['CTRL_R'], () => this.#askReset()),
      bind(['v'], () => this.#onMonitor(() => ({ type: 'open', screen: createFilters(this.#filters) }))),
      bind(['V'], () => this.#onMonitor(() => ({ type: 'filter', request: { type: 'toggle-own-session' } }))),
      bind(['CTRL_L'], () => ({ type: 'repaint' })),
      bind(['CTRL_Z'], () => ({ type: 'suspend' })),
      bind(['ESCAPE', 'q'], () => ({ type: 'back' })),
      bind(['x', 'CTRL_C'], () => ({ type: 'leave' })),
    ];
  }

  /** Over an overlay only the keys that belong to no screen work: what is typed there must not leave the program. */
  #onCommonKey(key: string): Reaction {
    const passes = ['ESCAPE', 'CTRL_C', 'CTRL_L', 'CTRL_Z'];
    if (this.top.overlay === true && !passes.includes(key)) return IGNORED;
    const asked = key === 'CTRL_C' ? this.#askCovered(key) : IGNORED;
    return asked.type === 'ignored' ? dispatchKey(this.#common, key) : asked;
  }

  /** Beneath a dialog a screen may have what would be lost: it asks, as it would without the dialog. */
  #askCovered(key: string): Reaction {
    if (this.top.overlay !== true) return IGNORED;
    return this.#stack.findLast((screen) => screen.overlay !== true)?.onKey(key) ?? IGNORED;
  }

  #togglePause(): Reaction {
    if (this.#pulled() === null) return IGNORED;
    this.#paused = !this.#paused;
    this.#pausedOn = this.#pulled();
    if (this.#message?.text === PAUSED_HINT) this.#clearMessage();
    if (!this.#paused) this.#pull();
    return REDRAW;
  }

  /** The reaction where a monitor is shown; elsewhere the key means nothing. */
  #onMonitor(react: () => Reaction): Reaction {
    return this.#pulled() === null ? IGNORED : react();
  }

  #askReset(): Reaction {
    const question = 'Set all counters to zero?\nWhat was counted so far is lost.';
    const reset: Reaction = { type: 'engine', request: { type: 'reset' } };
    return this.#onMonitor(() => ({ type: 'open', screen: confirmDialog('Reset', question, reset) }));
  }

  #carryOut(reaction: Reaction): void {
    if (this.#isDone) return;
    switch (reaction.type) {
      case 'ignored':
        break;
      case 'redraw':
        this.#redraw();
        break;
      case 'refresh':
        if (this.#paused) this.say(PAUSED_HINT);
        this.#refresh();
        break;
      case 'open':
        this.#stack.push(reaction.screen);
        this.#uncovered();
        break;
      case 'replace':
        this.#stack.pop()?.close?.();
        this.#stack.push(reaction.screen);
        this.#uncovered();
        break;
      case 'back':
        this.#back();
        break;
      case 'leave':
        this.leave();
        break;
      case 'repaint':
        this.#surface.forget();
        this.#redraw();
        break;
      case 'suspend':
        this.#surface.suspend();
        break;
      case 'say':
        this.#say(reaction.text, 'status', HINT_MS);
        break;
      case 'toggle-pause':
        this.#carryOut(this.#togglePause());
        break;
      case 'engine':
        this.#request(reaction.request);
        break;
      case 'save':
        this.#save(reaction.path, reaction.question);
        break;
      case 'change-settings':
        this.#settings.change(reaction.changes).catch((error: unknown) => this.#fail(error));
        this.#redraw();
        break;
      case 'filter':
        this.#filter(reaction);
        break;
      case 'all':
        for (const each of reaction.reactions) this.#carryOut(each);
    }
  }

  #back(): void {
    if (this.#stack.length <= 1) {
      this.leave();
      return;
    }
    this.#stack.pop()?.close?.();
    this.#uncovered();
  }

  /** Another screen is on top: it shows what it knows, then what is true now. */
  #uncovered(): void {
    // Help about a screen whose rows are held leaves them held.
    const isCovered = this.#stack.some((screen) => screen === this.#pausedOn);
    if (this.top.overlay !== true) this.#paused = this.#paused && (isCovered || this.#pulled() !== null);
    this.#poll();
    this.#redraw();
    this.#pull();
  }

  #request(request: EngineRequest): void {
    const answer =
      request.type === 'reset'
        ? this.#client.reset()
        : this.#client.command(request.monitor, request.command, request.arguments);
    answer.then(
      () => this.#requestDone(),
      (error: unknown) => this.#fail(error),
    );
  }

  #requestDone(): void {
    if (this.#paused) this.say(PAUSED_HINT);
    this.#refresh();
  }

  #save(path: string, question: MonitorQuery): void {
    this.say(`writing ${path} …`);
    this.#client.save(path, question).then(
      (rows) => this.say(`${rows} ${rows === 1 ? 'row' : 'rows'} written to ${path}`),
      (error: unknown) => this.#fail(error),
    );
  }

  #filter({ request, done, failed }: Extract<Reaction, { type: 'filter' }>): void {
    const asker = this.top;
    this.#filters.carryOut(request).then(
      (line) => {
        if (this.#isDone) return;
        if (line !== null) this.say(line);
        const next = done?.() ?? IGNORED;
        if (this.top === asker) this.#carryOut(next);
        this.#poll();
        this.#refresh();
      },
      (error: unknown) => {
        if (failed !== undefined && this.top === asker) this.#carryOut(failed(causeOf(error)));
        else this.#refused(error);
      },
    );
  }

  /** A reason that the status line would cut stands in a dialog: the operator has asked, and is to read it. */
  #refused(error: unknown): void {
    const reason = reasonOf(error);
    if (textWidth(reason) <= this.#surface.width - 2) this.#fail(error);
    else this.open(messageDialog('Not possible', reason));
  }

  #fail(error: unknown): void {
    this.say(reasonOf(error), 'error');
  }

  /** The visible screen that shows a monitor, or null. */
  #pulled(): Screen | null {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const screen = this.#stack[i];
      if (screen.queries().length > 0) return screen;
      if (screen.overlay !== true) return null;
    }
    return null;
  }

  #refresh(): void {
    this.#redraw();
    this.#pull();
  }

  /** Paused, and it has figures: one that was opened during a pause gets its first ones. */
  #holds(screen: Screen): boolean {
    return this.#paused && (this.#heads.has(screen) || screen === this.#pausedOn);
  }

  /** Asks for the rows on the screen. Never two questions at once; another one meanwhile is asked right after. */
  #pull(): void {
    if (this.#pullTimer !== null) clearTimeout(this.#pullTimer);
    this.#pullTimer = null;
    const screen = this.#pulled();
    if (screen === null || this.#holds(screen) || this.#lost || this.#isDone) return;
    if (this.#pulling) {
      this.#pullAgain = true;
      return;
    }
    this.#pulling = true;
    this.#lastPull = performance.now();
    const pages = screen.queries().map(({ monitor, query }) => this.#client.page(monitor, query));
    Promise.all(pages)
      .then((snapshots) => this.#arrived(screen, snapshots))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#pullEnded());
  }

  #arrived(screen: Screen, snapshots: Snapshot[]): void {
    // What was asked before a pause or another screen must not change what stands there now.
    if (this.#isDone || this.#holds(screen) || !this.#stack.includes(screen)) return;
    this.#isQuiet = this.#heads.get(screen)?.capture.received === snapshots[0].capture.received;
    this.#heads.set(screen, snapshots[0]);
    screen.update?.(snapshots);
    this.#redraw();
  }

  #pullEnded(): void {
    this.#pulling = false;
    if (this.#isDone) return;
    if (this.#pullAgain) {
      this.#pullAgain = false;
      this.#pull();
      return;
    }
    const chosen = this.#settings.current.refreshSeconds * 1000;
    const interval = this.#isQuiet ? Math.max(chosen, QUIET_PULL_INTERVAL_MS) : chosen;
    const wait = Math.max(0, this.#lastPull + interval - performance.now());
    this.#pullTimer = setTimeout(() => this.#pull(), wait);
  }

  #poll(): void {
    if (this.top.poll === undefined) return;
    this.top.poll()?.then(
      () => this.#redraw(),
      (error: unknown) => this.#fail(error),
    );
    this.#redraw();
  }

  #onFact(fact: ScreenFact): void {
    if (fact.type === 'engine-started') {
      if (!this.#lost) return;
      this.#lost = false;
      this.#clearMessage();
      this.#pull();
      return;
    }
    if (fact.type === 'names-learned') {
      if (!this.#isDone) this.#drawTimer ??= setTimeout(() => this.#draw(), NAMES_DRAW_MS);
      return;
    }
    this.#alerts.note(fact);
    const message = factMessage(fact);
    if (message === null) this.#redraw();
    else this.say(message.text, message.style);
    if (fact.type === 'engine-lost') this.#lost = true;
  }

  /** Draws soon: several keys of one burst make one frame. */
  #redraw(): void {
    if (this.#drawSoon !== null || this.#isDone) return;
    this.#drawSoon = setImmediate(() => {
      this.#drawSoon = null;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#isDone) return;
    if (this.#drawTimer !== null) clearTimeout(this.#drawTimer);
    this.#drawTimer = null;
    if (this.#surface.isBusy) {
      this.#drawTimer = setTimeout(() => this.#draw(), BUSY_RETRY_MS);
      return;
    }
    const canvas = this.#surface.canvas();
    const pulled = this.#pulled();
    const head = pulled === null ? null : (this.#heads.get(pulled) ?? null);
    drawScreens(canvas, this.#stack, {
      program: this.#program,
      head,
      message: this.#message,
      paused: this.#paused,
      alerts: this.#alerts.count,
    });
    this.#surface.show(canvas);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why alone, for who knows what was tried. */
function causeOf(error: unknown): string {
  return error instanceof OperatorError ? error.fields.cause : reasonOf(error);
}
