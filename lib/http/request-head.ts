/** What RFC 9110 lets a header's value hold: anything else could begin a line of its own. */
const PLAIN_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export const isPlainValue = (value: string) => PLAIN_VALUE.test(value);

/** `name: value` and the line's end. Throws a `TypeError` for a value that would not stay on its line. */
export function headerLine(name: string, value: string): string {
  if (!isPlainValue(value)) throw new TypeError(`the value of ${name} cannot stand in a header`);
  return `${name}: ${value}\r\n`;
}
