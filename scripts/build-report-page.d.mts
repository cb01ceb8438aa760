/** Text of the file that src/reports/html-report.ts reads: style and script of a report's page, with their hashes. */
export function reportPage(): Promise<string>;
