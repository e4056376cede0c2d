import Protomux from 'protomux'
import { sink } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { Dialer, listen } from '../secret-stream/secret-socket.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { System } from '../system.ts'
import type SecretStream from '@hyperswarm/secret-stream'
import type { Channel, Message } from 'protomux'

/** A channel with two types of messages: bytes, and the end of a direction. */
class ChannelPipe implements BytePipe {
  readonly #channel: Channel
  readonly #bytes: Message
  readonly #end: Message
  readonly #ended = Promise.withResolvers<void>()
  #room: PromiseWithResolvers<void> | undefined
  #onBytes: (bytes: Uint8Array) => void = () => {}

  constructor (mux: Protomux, protocol: Purpose) {
    const channel = mux.createChannel({
      protocol,
      unique: false,
      onclose: () => { this.#ended.reject(new Error('the channel was closed')) },
      ondrain: () => {
        this.#room?.resolve()
        this.#room = undefined
      }
    })

    if (channel == null) {
      throw new Error('the stream is closed')
    }

    this.#channel = channel
    this.#bytes = channel.addMessage({ onmessage: (bytes) => { this.#onBytes(bytes) } })
    this.#end = channel.addMessage({ onmessage: () => { this.#ended.resolve() } })
    this.#ended.promise.catch(() => {})
    channel.open()
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    return this.#bytes.send(bytes) ? undefined : (this.#room ??= Promise.withResolvers<void>()).promise
  }

  end (): void {
    this.#end.send(new Uint8Array(0))
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    this.#onBytes = onBytes

    return this.#ended.promise
  }

  close (): void {
    this.#channel.close()
  }
}

class Channels implements PipeSource {
  readonly streams = 'many'
  readonly #dialer: Dialer
  readonly #mux: Protomux

  private constructor (dialer: Dialer, mux: Protomux) {
    this.#dialer = dialer
    this.#mux = mux
  }

  static async to (address: string): Promise<Channels> {
    const dialer = new Dialer(address)

    return new Channels(dialer, new Protomux(await dialer.dial()))
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    return new ChannelPipe(this.#mux, purpose)
  }

  close (): Promise<void> {
    return this.#dialer.close()
  }
}

function serve (stream: SecretStream): void {
  const mux = new Protomux(stream)

  mux.pair({ protocol: 'echo' }, () => {
    const pipe = new ChannelPipe(mux, 'echo')

    void pipe.read((bytes) => { void pipe.write(bytes) }).catch(() => {})
  })
  mux.pair({ protocol: 'sink' }, () => {
    const pipe = new ChannelPipe(mux, 'sink')

    sink(pipe).then(() => { pipe.close() }, () => {})
  })
}

export const protomux: System = {
  name: 'protomux',
  about: 'protomux over @hyperswarm/secret-stream over TCP; a message for each write, no cork() by hand (protomux itself answers a batch with a batch); a channel a stream',
  packages: ['protomux', '@hyperswarm/secret-stream', 'sodium-native'],
  serve: () => listen(serve),
  connect: async (address) => new PipeClient(await Channels.to(address))
}
