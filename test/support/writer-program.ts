/**
 * Writes JSON snapshots to standard output, for tests of OutputWriter on real pipes.
 *   forever            until the reader goes away
 *   some N ROWS        N snapshots
 *   leave              begins to write a lot, and calls process.exit() after 200 ms
 */
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import { JsonFormat } from '../../src/output/json.ts';
import { OutputWriter } from '../../src/output/writer.ts';
import { NOW, tcpRows } from './ip-traffic-rows.ts';
import { snapshotHead } from './screens.ts';

const [mode, snapshots, rowCount] = process.argv.slice(2);
const [row] = tcpRows();
const rows = Array.from({ length: Number(rowCount ?? 2000) }, (_, id) => ({ ...row, id }));
const writer = new OutputWriter(1, 'standard output', new JsonFormat(ipTrafficOutput));

if (mode === 'leave') setTimeout(() => process.exit(0), 200);
const wanted = mode === 'some' ? Number(snapshots) : Number.POSITIVE_INFINITY;
for (let i = 0; i < wanted && !writer.readerGone; i++) {
  await writer.begin({ ...snapshotHead({ time: NOW }), rowsTotal: rows.length });
  await writer.rows(rows);
  await writer.end();
}
writer.close();
