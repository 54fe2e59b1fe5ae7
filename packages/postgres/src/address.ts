const DEFAULT_PORT = '5432';

/** Host, port and database of a URL: what may be shown of it. */
export const addressOf = (url: string): string => {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? DEFAULT_PORT : port}${pathname}`;
};
