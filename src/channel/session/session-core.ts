import { CodedError } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { ChannelQueue } from './channel-queue.ts'
import { Claims } from './claims.ts'
import { reasonOf } from './ends.ts'
import { Incoming } from './incoming.ts'
import { Origins } from './origins.ts'
import { Outgoing } from './outgoing.ts'
import { PortFactory } from './port-factory.ts'
import { Reaper } from './reaper.ts'
import { RecordsFraming } from './records-framing.ts'
import { StreamTable } from './stream-table.ts'
import { Unsent } from './unsent.ts'
import { ValuesFraming } from './values-framing.ts'
import type { OpenStream, PortHost } from './open-stream.ts'
import type { StreamReceivePort } from './stream-receive-port.ts'
import type { StreamSendPort } from './stream-send-port.ts'
import type { Clock } from '../../base/index.ts'
import type { CallOptions, Codec, ProviderEvents, ProviderStream, SessionEnd, SessionLimits, SessionStat, StreamProvider } from '../contract/index.ts'

export interface CoreInit {
  provider: StreamProvider
  limits: SessionLimits
  /** Of the channels that are opened here. */
  codec: Codec
  codecs: ReadonlyMap<string, Codec>
  clock: Clock
}

/** What goes on between two ends: streams, the messages on them, and how it all ends. */
export class SessionCore implements PortHost, ProviderEvents {
  readonly #provider: StreamProvider
  readonly #clock: Clock
  readonly #streams: StreamTable
  readonly #claims: Claims
  readonly #origins: Origins
  readonly #reaper: Reaper
  readonly #ports: PortFactory
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  readonly #channels: ChannelQueue
  readonly #controller = new AbortController()
  /** Ends that were made here to be sent. */
  readonly unsent = new Unsent()
  readonly #closed = Promise.withResolvers<SessionEnd>()
  /** Why nothing can be opened any more. */
  #ending: Error | undefined
  #closing: Promise<void> | undefined
  #closeSignal: AbortSignal | undefined
  #isOver = false

  constructor ({ provider, limits, codec, codecs, clock }: CoreInit) {
    const framing = provider.framing === 'values' ? new ValuesFraming(limits) : new RecordsFraming(limits)
    const streams = new StreamTable({ provider, codec, codecs, clock })
    const reaper = new Reaper(clock, limits.unclaimedReferenceTtlMs)
    const claims = new Claims({ streams, reaper, maxUnclaimedReferences: limits.maxUnclaimedReferences })
    const origins = new Origins({ reaper, now: () => clock.now(), hasUnread: () => this.#hasUnread() })
    const ports = new PortFactory(this, framing, limits)

    this.#provider = provider
    this.#clock = clock
    this.#streams = streams
    this.#reaper = reaper
    this.#claims = claims
    this.#origins = origins
    this.#ports = ports
    this.#outgoing = new Outgoing({ streams, origins, ports, limits })
    this.#incoming = new Incoming({ streams, claims, origins, ports, limits, clock, ending: () => this.#ending })
    this.#channels = new ChannelQueue(limits.maxPendingChannels)
  }

  get closed (): Promise<SessionEnd> {
    return this.#closed.promise
  }

  get signal (): AbortSignal {
    return this.#controller.signal
  }

  get takesBack (): boolean {
    return this.#streams.hasParity
  }

  start (): void {
    this.#provider.start(this)
  }

  /** @throws as `Session.newSendChannel` */
  openChannel (): StreamSendPort {
    if (this.#ending != null) {
      throw this.#ending
    }

    return this.#ports.createSendPort(this.#streams.open({ parent: 0 }))
  }

  /** @throws as `Session.waitReceiveChannel` */
  async nextChannel (signal?: AbortSignal): Promise<StreamReceivePort> {
    return this.#ports.createReceivePort(await this.#channels.next(signal))
  }

  stat (): SessionStat {
    return {
      opened: this.#streams.opened,
      accepted: this.#streams.accepted,
      unclaimed: this.#isOver ? 0 : this.#claims.size,
      pending: this.#channels.size
    }
  }

  close (options?: CallOptions): Promise<void> {
    if (this.#closing == null) {
      this.#closing = this.#close(options)
    } else if (options?.signal != null && !this.#isOver) {
      // the close goes on; this call waits no longer than its own signal says, and ends it then
      this.#closeSignal = this.#closeSignal == null ? options.signal : AbortSignal.any([this.#closeSignal, options.signal])

      return this.#provider.close(options)
    }

    return this.#closing
  }

  abort (error: Error): void {
    if (!this.#isOver) {
      this.#ending ??= error
      this.#provider.abort(error)
      this.#finish({ by: 'us', error }, error)
    }
  }

  onStream (link: ProviderStream): void {
    if (this.#ending != null) {
      link.reset({ code: REASON_CODE.sessionClosed, message: '' })
      return
    }

    let stream: OpenStream

    try {
      stream = this.#streams.accept(link)
    } catch (error) {
      link.reset(reasonOf(error))
      return
    }

    if (stream.parent !== 0) {
      this.#claims.arrived(stream)
    } else if (!this.#channels.push(stream)) {
      this.#claims.giveUp(stream, { code: REASON_CODE.refused, message: 'too many channels wait to be received' })
    }
  }

  onClose (error?: Error): void {
    if (this.#isOver) {
      return
    }

    if (error != null) {
      // a close whose signal aborts is still ours
      this.#finish({ by: this.#closeSignal?.aborted === true ? 'us' : 'loss', error }, error)
    } else if (this.#closing != null) {
      this.#finish({ by: 'us' }, this.#ending ?? closedBy('us'))
    } else {
      this.#finish({ by: 'them' }, closedBy('them'))
    }
  }

  encode (value: unknown, stream: OpenStream): Uint8Array {
    return this.#outgoing.encode(value, stream)
  }

  decode (bytes: Uint8Array, stream: OpenStream): unknown {
    return this.#incoming.decode(bytes, stream)
  }

  drained (stream: OpenStream): void {
    if (this.#claims.hasChildren(stream)) {
      stream.idleSince = this.#clock.now()
    }
  }

  ended (stream: OpenStream): void {
    if (stream.isOurs) {
      this.#origins.ended(stream.ref)
    }

    // where both sides have this number, the messages that refer to others are those of the other side's
    if (!this.#isOver && this.#streams.find(stream.ref) === stream) {
      this.#claims.parentEnded(stream)
    }
  }

  gone (stream: OpenStream): void {
    this.#streams.remove(stream)

    if (stream.isOurs) {
      this.#origins.gone(stream.ref)
    }
  }

  async #close (options?: CallOptions): Promise<void> {
    if (this.#isOver) {
      return
    }

    const error = closedBy('us')

    this.#ending = error
    this.#closeSignal = options?.signal
    this.#channels.end(error, false)
    this.unsent.end(error)

    for (const { port } of this.#streams) {
      port?.sessionCloses(error)
    }

    try {
      await this.#provider.close(options)
    } finally {
      this.#finish({ by: 'us' }, error)
    }
  }

  #finish (end: SessionEnd, error: Error): void {
    if (this.#isOver) {
      return
    }

    const isWanted = end.by !== 'us'

    this.#isOver = true
    this.#ending ??= error
    this.#reaper.stop()

    for (const { port } of this.#streams) {
      port?.sessionEnds(error)
    }

    this.#streams.clear()
    this.unsent.end(error)
    this.#origins.end(error)
    this.#claims.end(error, isWanted)
    this.#channels.end(error, isWanted)
    this.#closed.resolve(end)
    this.#controller.abort(error)
  }

  #hasUnread (): boolean {
    for (const { isOurs, port } of this.#streams) {
      if (port == null ? !isOurs : port.hasUnread) {
        return true
      }
    }

    return false
  }
}

function closedBy (side: 'us' | 'them'): CodedError {
  return new CodedError('SessionClosed', side === 'us' ? 'the session was closed here' : 'the session was closed by the other side')
}
