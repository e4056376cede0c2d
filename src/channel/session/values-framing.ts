import { CodedError, concat } from '../../base/index.ts'
import { ValueReader } from './value-reader.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Framing } from './framing.ts'
import type { ByteLink, ChannelReason, Codec, MessageLimits, ProviderStream } from '../contract/index.ts'

/** spec-channel 11: messages are bare values, and early ends are resets. */
export class ValuesFraming implements Framing {
  readonly endGivesBack = true
  readonly #limits: MessageLimits

  constructor (limits: MessageLimits) {
    this.#limits = limits
  }

  createMessageReader (codec: Codec): FrameReader {
    if (codec.createScanner == null) {
      throw new CodedError('UnsupportedCodec', `messages in ${codec.name} do not delimit themselves, as this transport needs: use msgpack`)
    }

    return new ValueReader(codec.createScanner(this.#limits))
  }

  createCancelReader (): FrameReader {
    return NOTHING_TO_READ
  }

  writeMessages (link: ByteLink, messages: readonly Uint8Array[]): boolean {
    const [first] = messages

    return link.write(messages.length === 1 && first != null ? first : concat(messages))
  }

  abort (link: ProviderStream, reason: ChannelReason): void {
    endWith(link, reason)
  }

  giveBack (link: ProviderStream): void {
    // a reset would take what is under way with it
    link.end()
  }

  cancel (link: ProviderStream, reason: ChannelReason): void {
    endWith(link, reason)
  }
}

/** Receivers have nothing to say before they reset. What Go libchan writes there all the same is thrown away. */
const NOTHING_TO_READ: FrameReader = {
  buffered: 0,
  push: () => {},
  hasNext: () => false,
  hasEnd: () => false,
  next: () => undefined,
  clear: () => {}
}

function endWith (link: ProviderStream, reason: ChannelReason): void {
  if (link.endWith == null) {
    link.reset(reason)
  } else {
    link.endWith(reason)
  }
}
