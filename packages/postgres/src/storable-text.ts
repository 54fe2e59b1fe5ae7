/** The text as a text column gives it back: PostgreSQL keeps no NUL, and an id from outside may hold one. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD');
