/** The program's name and version, as --version, --help and the man page print them (a test compares with package.json). */
export const PROGRAM = 'iptraf-ts';
export const VERSION = '0.1.0';
