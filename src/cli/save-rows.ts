/**
 * Ctrl-S: every row of a question as CSV in a new file. It appears under its name when it is whole: written beside it,
 * made durable, then linked, which refuses a name that exists and follows no symbolic link.
 */
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync } from 'node:fs';
import type { MonitorQuery } from '../../screens/kit/screen.ts';
import { OperatorError, systemCause } from '../base/errors.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { monitorOutput, outputFormat } from '../output/monitors.ts';
import { OutputWriter } from '../output/writer.ts';

/** What hosts said to each other is for the operator alone. */
const SAVED_MODE = 0o600;

/**
 * Returns how many rows were written. Rejects with an OperatorError; then no file of that name was made.
 * `descriptions`: the operator's own names of stations, by MAC address.
 */
export async function saveRows(
  engine: EngineClient,
  path: string,
  question: MonitorQuery,
  descriptions: Readonly<Record<string, string>> = {},
): Promise<number> {
  const format = outputFormat(question.monitor, 'csv');
  const { describeRows } = monitorOutput(question.monitor);
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
          describeRows?.(rows, (mac) => descriptions[mac] ?? null);
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
    throw failure(path, code === 'EEXIST' ? 'it exists already' : systemCause(message));
  }
}

function failure(path: string, cause: string): OperatorError {
  return new OperatorError({ code: 'E_OUTPUT', operation: 'write rows to', target: path, cause });
}
