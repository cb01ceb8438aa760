/** Syslog facilities by name (syslog(3)) with their numbers (RFC 5424 section 6.2.1). Pure: the option table offers them. */
export const SYSLOG_FACILITIES: Readonly<Record<string, number>> = {
  ...numbered(0, [
    'kern',
    'user',
    'mail',
    'daemon',
    'auth',
    'syslog',
    'lpr',
    'news',
    'uucp',
    'cron',
    'authpriv',
    'ftp',
  ]),
  ...numbered(16, ['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7']),
};

function numbered(first: number, names: string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, index) => [name, first + index]));
}
