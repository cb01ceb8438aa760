/** Bytes of the file of vendors. `data`: prefix of 6, 7 or 9 hexadecimal digits -> maker and postal address, a line each. */
export function vendorFile(data?: Readonly<Record<string, string>>): Buffer;
