/**
 * Records of the log to a file and to syslog, through winston: it gives each target its form and each record its
 * severity. Nobody waits for a record; a target that takes none is reported at once on standard error and to syslog, and
 * when it takes them again a record says how many were lost.
 *
 *   write ─► winston ─┬─► text or JSON ─► FileTarget ─► file
 *                     └─► text ─────────► SyslogTarget ─► /dev/log
 */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import winston from 'winston';
import { FileTarget } from './file-target.ts';
import { logError, mayReplace, type Owner } from './log-file.ts';
import { logJson } from './log-json.ts';
import type { Outage, OutageListener } from './outage.ts';
import { type LogEvent, type LogRecord, logText, logTime } from './record.ts';
import { Rotation, type RotationLimits } from './rotation.ts';
import { type SyslogLine, SyslogSocket } from './syslog.ts';
import { SyslogTarget } from './syslog-target.ts';

/** Where troubles of the log are told when the operator chose no facility. */
const TROUBLE_FACILITY = 'daemon';

/** RFC 5424 section 6.2.1, by winston's names for it. */
const SEVERITIES = winston.config.syslog.levels;
const LEVELS: Partial<Record<LogEvent, string>> = {
  error: 'error',
  lost: 'error',
  'alert-started': 'warning',
  'alert-ended': 'notice',
  started: 'notice',
  stopped: 'notice',
  reopened: 'notice',
  notice: 'notice',
};
const USUAL_LEVEL = 'info';

/** Control characters and line ends: a record is one line, whatever is in it. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

/** Each target gives records its own form; winston's default would make JSON of every one. */
const asItIs = winston.format((info) => info);

export interface LogTargets {
  /** Absolute path, or null. */
  path: string | null;
  /** Syslog facility, or null. */
  facility: string | null;
  /** Form of the file; syslog gets text. */
  format: 'text' | 'json';
  /** Rotation from inside; null: somebody else's business. */
  rotation: RotationLimits | null;
  /** Name that syslog lines begin with. */
  tag: string;
  /** For the operator, one line, when a target fails and when it works again. */
  warn: (line: string) => void;
  /** Who the program becomes: files and folders that are made belong to them. */
  owner?: Owner | null;
  /** Hears the `lost` record of each outage that is over, for logs beside this one. */
  onLost?: (record: LogRecord) => void;
  /** Where the syslog daemon listens: /dev/log. */
  syslogSocket?: string;
}

export interface LogFigures {
  /** Records handed to the kernel: into the file, or to syslog where there is no file. */
  written: number;
  /** Lines that reached their file or syslog not. */
  lost: number;
  /** Lines that wait for their file or for syslog. */
  waiting: number;
}

type Target = 'file' | 'syslog';

interface Entry {
  level: string;
  record: LogRecord;
}

/** A winston transport that hands each record on. */
function transportTo(put: (record: LogRecord) => void): winston.transport {
  const stream = new Writable({
    objectMode: true,
    write: ({ record }: Entry, _encoding, done) => {
      put(record);
      done();
    },
  });
  return new winston.transports.Stream({ stream });
}

export class LogWriter {
  readonly #targets: LogTargets;
  readonly #logger: winston.Logger;
  readonly #file: FileTarget | null;
  readonly #syslog: SyslogTarget | null;
  /** For troubles of the log: opened when there is one. */
  #alarm: SyslogSocket | null = null;
  #closing: Promise<void> | null = null;

  /** Opens everything; throws an OperatorError (E_OUTPUT). */
  constructor(targets: LogTargets) {
    this.#targets = targets;
    this.#file = targets.path === null ? null : this.#openFile(targets.path);
    this.#syslog = targets.facility === null ? null : this.#openSyslog(targets.facility);
    this.#logger = winston.createLogger({ levels: SEVERITIES, level: USUAL_LEVEL, format: asItIs() });
    if (this.#file !== null) this.#logger.add(transportTo((record) => this.#file?.put(this.#line(record))));
    if (this.#syslog !== null) this.#logger.add(transportTo((record) => this.#syslog?.put(syslogLine(record))));
  }

  get figures(): LogFigures {
    const [file, syslog] = [this.#file?.figures, this.#syslog?.figures];
    return {
      written: file?.written ?? syslog?.written ?? 0,
      lost: (file?.lost ?? 0) + (syslog?.lost ?? 0),
      waiting: (file?.waiting ?? 0) + (syslog?.waiting ?? 0),
    };
  }

  /** Never waits, never throws. After close() nothing is written any more. */
  write(record: LogRecord): void {
    if (this.#closing !== null) return;
    this.#logger.log({ level: levelOf(record), message: '', record });
  }

  /** SIGUSR1: what is written from now on goes to a new file of the same name. Throws an OperatorError (E_OUTPUT) when
   *  that cannot be opened; then the old one goes on. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** Writes out everything and closes. A disk that takes nothing is given up after a few seconds. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const finished = once(this.#logger, 'finish');
    this.#logger.end();
    await finished;
    await Promise.all([this.#file?.close(), this.#syslog?.close()]);
    this.#alarm?.close();
  }

  #openFile(path: string): FileTarget {
    const { owner = null, rotation: limits } = this.#targets;
    const rotation = limits === null ? null : new Rotation(path, limits, (cause) => this.#rotationFailed(path, cause));
    const file = new FileTarget({ path, owner, rotation, listener: this.#listener('file', path) });
    if (rotation !== null && owner !== null && !mayReplace(path, owner)) {
      this.#rotationFailed(path, 'the user that the program becomes may not write in its folder');
    }
    return file;
  }

  #openSyslog(facility: string): SyslogTarget {
    const socket = new SyslogSocket(facility, this.#targets.tag, this.#targets.syslogSocket);
    return new SyslogTarget(socket, this.#listener('syslog', 'to syslog'));
  }

  #line(record: LogRecord): string {
    return `${this.#targets.format === 'json' ? logJson(record) : oneLine(logText(record))}\n`;
  }

  #listener(target: Target, name: string): OutageListener {
    const report = (level: string, cause: string, remedy: string): void =>
      this.#report(level, logError(name, cause, remedy).message);
    return {
      failing: (cause) => report('error', cause, 'lines wait for it; what is too much is lost and counted'),
      working: (outage) => this.#recovered(target, name, outage),
      abandoned: ({ cause, lines }) => report('error', cause, `lines lost at the end: ${lines}`),
    };
  }

  /** The record goes where the lines are missing; the file tells also what syslog misses. */
  #recovered(target: Target, name: string, outage: Outage): void {
    const record = lostRecord(target, outage);
    this.#report('notice', `log ${name} can be written again: ${outage.lines} lines are lost`);
    this.#file?.tell(this.#line(record));
    if (target === 'syslog') this.#syslog?.put(syslogLine(record));
    this.#targets.onLost?.(record);
  }

  #rotationFailed(path: string, cause: string): void {
    this.#report('error', logError(path, cause, 'it is not rotated, and grows').message);
  }

  /** To standard error and to syslog, whatever the operator chose for the log itself. */
  #report(level: string, text: string): void {
    this.#targets.warn(text);
    this.#alarm ??= new SyslogSocket(
      this.#targets.facility ?? TROUBLE_FACILITY,
      this.#targets.tag,
      this.#targets.syslogSocket,
    );
    this.#alarm.send({ severity: SEVERITIES[level], text: oneLine(text), seconds: Date.now() / 1000 });
  }
}

function levelOf({ event }: LogRecord): string {
  return LEVELS[event] ?? USUAL_LEVEL;
}

/** Syslog knows the time by itself. */
function syslogLine(record: LogRecord): SyslogLine {
  const text = [...(record.hour === undefined ? [] : [record.hour]), record.fields.join('; ')].join(' ');
  return { severity: SEVERITIES[levelOf(record)], text: oneLine(text), seconds: record.time };
}

function oneLine(text: string): string {
  return text.replace(CONTROLS, '?');
}

function lostRecord(target: Target, { since, cause, lines }: Outage): LogRecord {
  const which = target === 'file' ? 'of this log' : 'to syslog';
  return {
    time: Date.now() / 1000,
    event: 'lost',
    monitor: null,
    interface: null,
    fields: [`error: ${lines} lines ${which} were lost since ${logTime(since)}: ${cause}`],
    facts: { target, lines, since: new Date(since * 1000).toISOString(), cause },
  };
}
