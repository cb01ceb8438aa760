/** Rows of text as a table for the terminal. */

/** Columns as wide as their widest cell; the last one is not padded. `right`: numbers of columns of figures. */
export function textTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cellText = (cell: string, column: number): string =>
    right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  return rows.map((row) => `${row.map(cellText).join('  ').trimEnd()}\n`).join('');
}
