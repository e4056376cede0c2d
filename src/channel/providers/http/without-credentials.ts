/** For messages and logs, where a password has no place. */
export function withoutCredentials (url: URL): URL {
  const shown = new URL(url)

  shown.username = ''
  shown.password = ''

  return shown
}
