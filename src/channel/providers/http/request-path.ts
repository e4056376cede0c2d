/** The path of a request target or URL, without query; empty when it is none. */
export function pathOf (target: string | undefined): string {
  try {
    const { pathname } = new URL(target ?? '', 'http://localhost')

    return pathname === '' ? '/' : pathname
  } catch {
    return ''
  }
}
