import { CodedError, Deadline } from '../../../base/index.ts'
import { createMuxProvider } from '../mux/mux-provider.ts'
import { schemeOf } from './scheme-of.ts'
import { withoutCredentials } from './without-credentials.ts'
import type { ByteLink, StreamProvider, TransportOptions } from '../../contract/index.ts'

export type DialOptions = TransportOptions & { signal: AbortSignal }

/** A byte pipe to where the URL says. */
export type DialLink = (url: URL, options: DialOptions) => Promise<ByteLink>

/**
 * A provider over the link that `dial` makes. Both together take no longer than `handshakeTimeoutMs`.
 *
 * @throws as `dial` and `createMuxProvider`; CodedError ConnectFailed when the time is up
 */
export async function dialProvider (url: URL, dial: DialLink, options: DialOptions): Promise<StreamProvider> {
  const { clock, handshakeTimeoutMs: timeoutMs, signal } = options
  const { href: remoteAddress } = withoutCredentials(url)
  const since = clock.now()
  const deadline = new Deadline({
    clock,
    timeoutMs,
    signal,
    onTimeout: () => new CodedError('ConnectFailed', `cannot connect to ${remoteAddress}: no answer within ${timeoutMs} ms: is it there, and does a firewall let you pass?`)
  })
  let link: ByteLink

  try {
    link = await dial(url, { ...options, signal: deadline.signal })
  } finally {
    deadline[Symbol.dispose]()
  }

  return createMuxProvider(link, {
    ...options,
    handshakeTimeoutMs: Math.max(0, timeoutMs - (clock.now() - since)),
    name: schemeOf(url),
    remoteAddress,
    isInitiator: true
  })
}
