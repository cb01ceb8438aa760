/**
 * Ctrl-S: every row of a question as CSV in a new file. It appears under its name when it is whole: written beside it,
 * made durable, then linked, which refuses a name that exists and follows no symbolic link.
 */
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync } from 'node:fs';
import type { MonitorQuery } from '../../screens/kit/screen.ts';
import { OperatorError } from '../base/errors.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { outputFormat } from '../output/monitors.ts';
import { OutputWriter } from '../output/writer.ts';

/** What hosts said to each other is for the operator alone. */
const SAVED_MODE = 0o600;

/** Returns how many rows were written. Rejects with an OperatorError; then no file of that name was made. */
export async function saveRows(engine: EngineClient, path: string, question: MonitorQuery): Promise<number> {
  const format = outputFormat(question.monitor, 'csv');
  if (format === null) throw failure(path, 'this screen has no rows to write');
  const neighbour = `${path}.${process.pid}.tmp`;
  const fd = attempt(path, () => openSync(neighbour, 'wx', SAVED_MODE));
  const writer = new OutputWriter(fd, path, format);
  let count = 0;
  try {
    await engine.take(
      question.monitor,
      { ...question.query, offset: 0, limit: 0, follow: null },
      {
        head: (snapshot) => writer.begin(snapshot),
        rows: (rows) => {
          count += rows.length;
          return writer.rows(rows);
        },
        end: () => writer.end(),
      },
    );
    attempt(path, () => {
      fsyncSync(fd);
      linkSync(neighbour, path);
    });
  } finally {
    writer.close();
    closeSync(fd);
    attempt(path, () => unlinkSync(neighbour));
  }
  return count;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw failure(path, code === 'EEXIST' ? 'it exists already' : plainWords(message));
  }
}

/** "ENOENT: no such file or directory, open '/x/y.tmp'" without what the operator did not ask about. */
function plainWords(message: string): string {
  return message.replace(/^[A-Z0-9]+: /, '').replace(/, \w+ '.*$/, '');
}

function failure(path: string, cause: string): OperatorError {
  return new OperatorError({ code: 'E_OUTPUT', operation: 'write rows to', target: path, cause });
}
