/**
 * Log lines to a file and to syslog through winston. Owns flushing at the end, reopening at SIGUSR1 (the new file first,
 * then the old one is let go: no line is lost), and saying so when a disk refuses lines: winston itself would be silent.
 */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import winston from 'winston';
import { tryLockFile, unlockFile } from '../native/files.ts';
import { LogFileStream, logError, openLogFile } from './log-file.ts';
import { SEVERITY, Syslog } from './syslog.ts';

/** Bytes that may wait for a slow disk; lines beyond are counted as lost. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

export type Severity = 'error' | 'info';

export interface LogTargets {
  /** Absolute path, or null. */
  path: string | null;
  /** Syslog facility, or null. */
  facility: string | null;
  /** Name that syslog lines begin with. */
  tag: string;
  /** For the operator, one line, when a target begins to fail. */
  warn: (line: string) => void;
}

interface FileTarget {
  stream: LogFileStream;
  transport: winston.transport;
}

interface SyslogLine {
  level: Severity;
  text: string;
  seconds: number;
}

export class LogWriter {
  readonly #targets: LogTargets;
  readonly #logger: winston.Logger;
  #file: FileTarget | null = null;
  readonly #syslog: Syslog | null;
  #syslogFails = false;
  #lost = 0;

  /** Opens everything; throws an OperatorError (E_OUTPUT). */
  constructor(targets: LogTargets) {
    this.#targets = targets;
    this.#logger = winston.createLogger({ format: winston.format.printf(({ message }) => String(message)) });
    this.#syslog = targets.facility === null ? null : new Syslog(targets.facility, targets.tag);
    if (this.#syslog !== null) this.#logger.add(this.#syslogTransport(this.#syslog));
    if (targets.path !== null) this.#file = this.#addFile(targets.path);
  }

  /** The file takes `line`, which begins with its time; syslog knows the time and takes `text`. */
  write(severity: Severity, line: string, text: string, seconds: number): void {
    if (this.#file !== null && this.#file.stream.writableLength > BACKLOG_BYTES) {
      this.#lose(1, 'the disk is too slow');
      return;
    }
    this.#logger.log({ level: severity, message: line, text, seconds });
  }

  /** Lines that reached no file, since the last call. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** SIGUSR1: what is written from now on goes to a new file of the same name. Throws when that cannot be opened. */
  reopen(): void {
    const old = this.#file;
    if (old === null || this.#targets.path === null) return;
    // Where the file was not moved away (copytruncate), our own lock would refuse us.
    unlockFile(old.stream.fd);
    try {
      this.#file = this.#addFile(this.#targets.path);
    } catch (error) {
      tryLockFile(old.stream.fd);
      throw error;
    }
    this.#logger.remove(old.transport);
    old.stream.end();
  }

  /** Writes out everything and closes. */
  async close(): Promise<void> {
    const finished = once(this.#logger, 'finish');
    this.#logger.end();
    await finished;
    this.#syslog?.close();
    const stream = this.#file?.stream;
    if (stream === undefined) return;
    stream.end();
    await once(stream, 'close');
  }

  #addFile(path: string): FileTarget {
    const stream = new LogFileStream(openLogFile(path), (lines, cause) => this.#lose(lines, cause));
    const transport = new winston.transports.Stream({ stream, eol: '\n' });
    this.#logger.add(transport);
    return { stream, transport };
  }

  #lose(lines: number, cause: string): void {
    if (this.#lost === 0) this.#targets.warn(logError(this.#targets.path ?? '', cause, 'lines are being lost').message);
    this.#lost += lines;
  }

  #syslogTransport(syslog: Syslog): winston.transport {
    const send = ({ level, text, seconds }: SyslogLine): void => {
      const sent = syslog.send(level === 'error' ? SEVERITY.error : SEVERITY.info, text, seconds);
      if (!sent && !this.#syslogFails) this.#targets.warn('cannot write to syslog: nobody reads /dev/log fast enough');
      this.#syslogFails = !sent;
    };
    const stream = new Writable({
      objectMode: true,
      write: (line: SyslogLine, _encoding, done) => {
        send(line);
        done();
      },
    });
    return new winston.transports.Stream({ stream });
  }
}
