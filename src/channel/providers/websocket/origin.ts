import type { IncomingMessage } from 'node:http'

/**
 * Whether who asks may connect. Browsers say of which origin their page is, as otherwise any page could talk to what
 * listens on the machine of who reads it; RFC 6455 10.2.
 */
export function isWelcome ({ headers: { origin, host } }: IncomingMessage, origins: readonly string[] | undefined): boolean {
  if (origin == null) {
    return true
  }

  if (origins != null) {
    return origins.includes('*') || origins.includes(origin)
  }

  return URL.canParse(origin) && new URL(origin).host === host
}
