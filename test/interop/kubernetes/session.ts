import { isCoded, toError } from '../../../src/base/index.ts'
import { LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { FRAME_TYPE } from '../../../src/channel/providers/spdy/constants.ts'
import { Decoder } from '../../../src/channel/providers/spdy/decoder.ts'
import { Tally } from './tally.ts'
import type { ByteStream, ProviderEvents, ProviderStream, StreamHeaders, StreamProvider } from '../../../src/channel/contract/index.ts'

export interface PodStream {
  readonly headers: StreamHeaders
  /** The header `streamType`. */
  readonly type: string
  readonly bytes: ByteStream
}

/** What a client does at a pod over one connection: the streams of our SPDY, without the channels above them. */
export class PodSession implements ProviderEvents {
  readonly streams: PodStream[] = []
  /** What a command or a forwarding failed with; the client is told too. */
  readonly failures: Error[] = []
  /** Resolves with what our side tells of the connection's end. */
  readonly closed: Promise<Error | undefined>
  /** Of streams that came. */
  readonly opened = new Tally()
  /** Of pings of the client, which sends the next when the last was answered. */
  readonly pings = new Tally()
  /** Of its answers to ours. */
  readonly pongs = new Tally()

  readonly #provider: StreamProvider
  readonly #closed = Promise.withResolvers<Error | undefined>()
  #take: ((stream: PodStream) => Promise<void> | undefined) | undefined

  constructor (provider: StreamProvider) {
    this.#provider = provider
    this.closed = this.#closed.promise
  }

  /** Begins; `take` is called with each stream. */
  start (take: (stream: PodStream) => Promise<void> | undefined): void {
    this.#take = take
    this.#provider.start(this)
  }

  onStream (stream: ProviderStream): void {
    const taken = { headers: stream.headers, type: stream.headers['streamtype'] ?? '', bytes: new LinkByteStream(stream) }

    this.streams.push(taken)
    this.opened.add()
    this.#take?.(taken)?.catch((thrown) => { this.failures.push(toError(thrown)) })
  }

  onClose (error?: Error): void {
    this.#closed.resolve(error)
  }

  /** How each stream ended, when all have: the code of its error, or `gracefully`. */
  async ends (): Promise<Record<string, string>> {
    return Object.fromEntries(await Promise.all(this.streams.map(async ({ type, bytes }) => {
      const error = await bytes.closed

      return [type, describe(error)] as const
    })))
  }

  /** As a kubelet does when the command has ended. */
  close (): Promise<void> {
    return this.#provider.close()
  }

  abort (): void {
    this.#provider.abort(new Error('the test is over'))
  }

  /** Of the same bytes that the provider gets. */
  overhear (bytes: Uint8Array): void {
    this.#decoder.write(bytes)
  }

  readonly #decoder = new Decoder({
    onControl: (type, _, payload) => {
      if (type === FRAME_TYPE.ping) {
        const isTheirs = (payload.at(-1) ?? 0) % 2 === 1 // as all IDs of the side that connected

        ;(isTheirs ? this.pings : this.pongs).add()
      }
    },
    onData: () => {},
    onDataEnd: () => {}
  })
}

function describe (error: Error | undefined): string {
  if (error == null) {
    return 'gracefully'
  }

  return isCoded(error) ? error.code : error.message
}
