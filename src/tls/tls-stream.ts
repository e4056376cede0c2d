import { allocatedOutside } from '../base/index.ts'
import { attachSink } from '../message-stream/index.ts'
import { SocketStream } from '../tcp/index.ts'
import type { Clock } from '../base/index.ts'
import type { MessageStream } from '@libp2p/interface'
import type { TLSSocket } from 'node:tls'

export interface TlsStreamInit {
  /** Secured already. */
  socket: TLSSocket
  /** What carries the encrypted bytes. */
  carrier: MessageStream
  clock: Clock
}

/** The plain text of a TLS connection. It ends as its carrier ends, and the carrier with it; tls 6. */
export class TlsStream extends SocketStream {
  readonly #carrier: MessageStream

  constructor ({ socket, carrier, clock }: TlsStreamInit) {
    super({ socket, direction: carrier.direction, clock, log: carrier.log.newScope('tls'), poll: carrier instanceof SocketStream ? carrier.poll : undefined })
    this.#carrier = carrier
    attachSink(carrier, { onClose: (error, isLocal) => { this.#onCarrierClose(error, isLocal) } })
  }

  get inactivityTimeout (): number {
    return this.#carrier.inactivityTimeout
  }

  set inactivityTimeout (ms: number) {
    this.#carrier.inactivityTimeout = ms
  }

  /** What was written leaves first, and the goodbye of TLS behind it; tls 6.1. */
  override async close (options?: { signal?: AbortSignal }): Promise<void> {
    await super.close(options)
    await this.#carrier.close(options)
  }

  /** Node allocates what it has decrypted outside of V8's heap, and nobody frees it before its time. */
  protected override receive (bytes: Uint8Array): void {
    allocatedOutside(bytes.byteLength)
    super.receive(bytes)
  }

  /** Never the socket itself: it follows its carrier; tls 6.5. */
  protected override resetSocket (error: Error): void {
    this.#carrier.abort(error)
  }

  #onCarrierClose (error: Error | undefined, isLocal: boolean): void {
    if (error != null) {
      this.endWith(error, { isLocal })
    }
  }
}
