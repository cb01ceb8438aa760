/** The program's name and version, as --version, --help and the man page print them (a test compares with package.json). */
export const PROGRAM = 'iptraf-ts';
export const VERSION = '0.1.0';
/** The version's day, for the man page: of its release as in CHANGELOG.md, before that of its beginning. */
export const VERSION_DATE = '2026-11-21';
