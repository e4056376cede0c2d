import { CodedError, TransientMap } from '../../base/index.ts'
import { OpenStream } from './open-stream.ts'
import { formatHeaders, parseHeaders } from './stream-headers.ts'
import { StreamNumbers, UsedNumbers } from './stream-numbers.ts'
import type { ParsedHeaders } from './stream-headers.ts'
import type { Clock } from '../../base/index.ts'
import type { Codec, ProviderStream, StreamProvider } from '../contract/index.ts'

interface TableInit {
  provider: StreamProvider
  /** Of the channels that we open. */
  codec: Codec
  /** By name, of the channels that the other side opens. */
  codecs: ReadonlyMap<string, Codec>
  clock: Clock
}

export interface OpenInit {
  /** From `numbers`, if it was taken before. */
  ref?: number
  parent: number
  continues?: number | undefined
}

/** The streams of a session that are open, by number. */
export class StreamTable {
  readonly numbers: StreamNumbers
  readonly #provider: StreamProvider
  readonly #codec: Codec
  readonly #codecs: ReadonlyMap<string, Codec>
  readonly #clock: Clock
  readonly #used: UsedNumbers
  readonly #ours = new TransientMap<number, OpenStream>()
  readonly #theirs = new TransientMap<number, OpenStream>()

  /** @throws CodedError UnsupportedCodec */
  constructor ({ provider, codec, codecs, clock }: TableInit) {
    if (provider.framing === 'values' && codec.createScanner == null) {
      throw new CodedError('UnsupportedCodec', `messages in ${codec.name} do not delimit themselves, as ${provider.name} needs: use msgpack`)
    }

    this.numbers = new StreamNumbers(provider.isInitiator)
    this.#provider = provider
    this.#codec = codec
    this.#codecs = codecs
    this.#clock = clock
    this.#used = new UsedNumbers(provider.isInitiator ? 2 : 1)
  }

  get opened (): number {
    return this.#ours.size
  }

  get accepted (): number {
    return this.#theirs.size
  }

  /** Go libchan gives the numbers of both sides twice; spec-channel 11.6. */
  get hasParity (): boolean {
    return this.#provider.peerVersion !== 0
  }

  /** Whether a number says that the stream was opened here. */
  isOurs (ref: number): boolean {
    return this.hasParity && this.numbers.isOurs(ref)
  }

  /** Whether there ever was a stream of this number. */
  wasThere (ref: number): boolean {
    if (this.isOurs(ref)) {
      return this.numbers.wasTaken(ref)
    }

    return this.hasParity ? this.#used.has(ref) : this.#theirs.has(ref)
  }

  /** An open stream; where both sides have one of this number, that of the other side. */
  find (ref: number): OpenStream | undefined {
    return this.#theirs.get(ref) ?? this.#ours.get(ref)
  }

  /** @throws CodedError ResourceLimit, SessionClosed, ConnectionLost */
  open ({ ref = this.numbers.take(), parent, continues }: OpenInit): OpenStream {
    const link = this.#provider.open(formatHeaders({ ref, parent, codec: this.#codec.name, continues }))
    const stream = new OpenStream({ ref, parent, continues }, true, link, this.#codec, this.#clock.now())

    this.#ours.set(ref, stream)

    return stream
  }

  /** @throws CodedError ProtocolViolation, UnsupportedCodec */
  accept (link: ProviderStream): OpenStream {
    const headers = parseHeaders(link.headers)

    this.#assertNew(headers.ref)

    if (this.hasParity) {
      this.#used.add(headers.ref)
    }

    this.#assertPlausible(headers)

    const stream = new OpenStream(headers, false, link, this.#findCodec(headers.codec), this.#clock.now())

    this.#theirs.set(headers.ref, stream)

    return stream
  }

  remove (stream: OpenStream): void {
    const streams = stream.isOurs ? this.#ours : this.#theirs

    if (streams.get(stream.ref) === stream) {
      streams.delete(stream.ref)
    }
  }

  * [Symbol.iterator] (): IterableIterator<OpenStream> {
    yield * this.#ours.values()
    yield * this.#theirs.values()
  }

  clear (): void {
    this.#ours.clear()
    this.#theirs.clear()
  }

  #assertNew (ref: number): void {
    if (this.isOurs(ref)) {
      throw new CodedError('ProtocolViolation', `the other side opened stream ${ref}, a number of ours`)
    }

    if (this.wasThere(ref)) {
      throw new CodedError('ProtocolViolation', `the other side opened stream ${ref} twice`)
    }
  }

  #assertPlausible ({ ref, parent, continues }: ParsedHeaders): void {
    if (this.isOurs(parent) && !this.wasThere(parent)) {
      throw new CodedError('ProtocolViolation', `stream ${ref} belongs to our channel ${parent}, which never was`)
    }

    // otherwise streams could belong to each other, and none of them would ever be given up
    if (this.hasParity && !this.isOurs(parent) && parent >= ref) {
      throw new CodedError('ProtocolViolation', `stream ${ref} belongs to channel ${parent}, which was opened after it`)
    }

    if (continues != null && !(this.isOurs(continues) && this.wasThere(continues))) {
      throw new CodedError('ProtocolViolation', `stream ${ref} continues our channel ${continues}, which never was`)
    }
  }

  #findCodec (name: string): Codec {
    const codec = this.#codecs.get(name)

    if (codec == null || (this.#provider.framing === 'values' && codec.createScanner == null)) {
      throw new CodedError('UnsupportedCodec', `a channel in ${JSON.stringify(name.slice(0, 32))} came, and only ${[...this.#codecs.keys()].join(', ')} are known here: pass the codec as one of \`codecs\``)
    }

    return codec
  }
}
