/**
 * A report as one JSON object on one line, written piece by piece. Unknown is null, never 0; names are clean; the schema
 * is schemas/report.json.
 */
import { sanitizeText } from '../names/sanitize.ts';
import { isoTime } from '../output/time.ts';
import type { Losses } from './entry.ts';
import { splitPlace } from './entry.ts';
import type {
  AlertRow,
  ConversationRow,
  DayRow,
  HourRow,
  LossRow,
  NamedRow,
  Ranking,
  Report,
  ReportInput,
} from './report.ts';

export function* jsonReport(report: Report): Generator<string> {
  const { zone, from, to, firstRecord, lastRecord, input, totals } = report;
  const head = {
    type: 'report',
    schema: 1,
    zone,
    from: isoTime(from),
    to: isoTime(to),
    firstRecord: isoTime(firstRecord),
    lastRecord: isoTime(lastRecord),
    input: inputJson(input),
    totals: { ...totals, endings: endingsJson(totals.endings), ...lossesJson(totals.losses), losses: undefined },
  };
  yield JSON.stringify(head).slice(0, -1);
  yield* ranking('sources', report.sources, (row) => ({ ...row, address: sanitizeText(row.address) }));
  yield* ranking('destinations', report.destinations, (row) => ({ ...row, address: sanitizeText(row.address) }));
  yield* ranking('ports', report.ports, (row) => ({ ...row, protocol: sanitizeText(row.protocol) }));
  yield* ranking('protocols', report.protocols, named);
  yield* ranking('conversations', report.conversations, conversationJson);
  yield* ranking('interfaces', report.interfaces, named);
  yield* ranking('busiestHours', report.busiestHours, hourJson);
  yield `,"hours":${JSON.stringify(report.hours.map(hourJson))}`;
  yield `,"days":${JSON.stringify(report.days.map(dayJson))}`;
  yield `,"losses":${JSON.stringify(report.losses.map(lossJson))}`;
  yield* ranking('alerts', report.alerts, alertJson);
  const { count, last } = report.errors;
  const errors = last.map(({ time, text }) => ({ time: isoTime(time), text: sanitizeText(text) }));
  yield `,"errors":${JSON.stringify({ count, last: errors })}}\n`;
}

function* ranking<Row>(
  name: string,
  { rows, total, mayLack }: Ranking<Row>,
  json: (row: Row) => object,
): Generator<string> {
  yield `,"${name}":{"total":${total},"mayLack":${mayLack},"rows":[`;
  let separator = '';
  for (const row of rows) {
    yield separator + JSON.stringify(json(row));
    separator = ',';
  }
  yield ']}';
}

function inputJson({ skipped, firstDamaged, firstRepeated, ...input }: ReportInput): object {
  return {
    ...input,
    firstDamaged: firstDamaged === null ? null : sanitizeText(firstDamaged),
    firstRepeated: firstRepeated === null ? null : sanitizeText(firstRepeated),
    skipped: skipped.map(({ path, reason }) => ({ path: sanitizeText(path), reason: sanitizeText(reason) })),
  };
}

function endingsJson({ closed, reset, 'timed-out': timedOut, open }: Report['totals']['endings']): object {
  return { closed, reset, timedOut, open };
}

function lossesJson({ droppedByKernel, droppedByInterface, malformed }: Losses): Losses {
  return { droppedByKernel, droppedByInterface, malformed };
}

function named(row: NamedRow): object {
  return { ...row, name: sanitizeText(row.name) };
}

function conversationJson(row: ConversationRow): object {
  const { protocol, interface: name, from, to, ...figures } = row;
  const [begins, answers] = [from, to].map((place) => {
    const { address, port } = splitPlace(place);
    return { address: sanitizeText(address), port };
  });
  return { protocol: sanitizeText(protocol), interface: sanitizeText(name), from: begins, to: answers, ...figures };
}

function hourJson({ start, measured, packets, bytes, ended, losses }: HourRow): object {
  return {
    start: isoTime(start),
    measured,
    packets,
    bytes,
    ended,
    losses: losses === null ? null : lossesJson(losses),
  };
}

function dayJson({ date, start, interfaces, losses, ...figures }: DayRow): object {
  return {
    date,
    start: isoTime(start),
    ...figures,
    ...lossesJson(losses),
    interfaces: interfaces.map((each) => ({ ...each, name: sanitizeText(each.name) })),
  };
}

function lossJson(row: LossRow): object {
  return { interface: sanitizeText(row.interface), ...lossesJson(row) };
}

function alertJson({ alert, subject, times, seconds, first, last, isOn }: AlertRow): object {
  return {
    alert: sanitizeText(alert),
    subject: sanitizeText(subject),
    times,
    seconds,
    first: isoTime(first),
    last: isoTime(last),
    isOn,
  };
}
