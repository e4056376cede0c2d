import { until } from '../../support/until.ts'
import { ProviderEnd } from './mux-pair.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { transportOptions } from './transport-options.ts'
import type { ChannelTransport, ProviderStream, StreamProvider, TlsOptions, TransportListener, TransportOptions } from '../../../src/channel/contract/index.ts'

export interface SocketServer extends AsyncDisposable {
  listener: TransportListener
  url: URL
  /** What it accepted. */
  ends: ProviderEnd[]
  connect (options?: Partial<TransportOptions & { signal: AbortSignal }>): Promise<ProviderEnd>
}

/** A listener of a transport, and providers on both of its sides; all end with it. */
export async function serve (transport: ChannelTransport, url: string, tls: TlsOptions = {}): Promise<SocketServer> {
  const ends: ProviderEnd[] = []
  const dialled: StreamProvider[] = []
  const listener = await transport.listen(new URL(url), (provider) => { ends.push(new ProviderEnd(provider)) }, transportOptions({ tls }))

  return {
    listener,
    url: new URL(listener.url),
    ends,
    async connect (options) {
      const provider = await transport.connect(new URL(listener.url), transportOptions(options))

      dialled.push(provider)

      return new ProviderEnd(provider)
    },
    async [Symbol.asyncDispose] () {
      await listener.close()

      for (const provider of [...dialled, ...ends.map((end) => end.provider)]) {
        provider.abort(new Error('the test is over'))
      }
    }
  }
}

/** Sends a text to the other side over a new stream, which sends it back; resolves with it. */
export async function echo (near: ProviderEnd, server: SocketServer, text: string): Promise<string> {
  await until(() => server.ends.length > 0)

  const ours = new LinkRecorder(near.provider.open({ 'libchan-ref': '1' }))
  const far = server.ends.at(-1) as ProviderEnd

  ours.link.write(new TextEncoder().encode(text))
  ours.link.end()
  await until(() => far.streams.length > 0)

  const theirs = new LinkRecorder(far.streams[0] as ProviderStream)

  await theirs.ended
  theirs.link.write(theirs.bytes)
  theirs.link.end()
  await ours.closed

  return ours.text
}
