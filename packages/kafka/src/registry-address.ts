/** What may be shown of a registry's URL: no user, no password, no query. A text that is no URL is shown as it is. */
export const registryAddress = (url: string): string => {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
};
