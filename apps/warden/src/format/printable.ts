// eslint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Names and URLs come from workers: none of them may move the cursor, or turn the text, of whoever reads them. */
export const printable = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

/** One word of a POSIX shell command. */
export const shellWord = (text: string): string =>
  /^[\w@%+:,./-][\w@%+:,./=-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
