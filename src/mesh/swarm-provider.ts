import { after, CodedError, raceOrEnd, toError } from '../base/index.ts'
import { ChannelError, flushAll, openHeaded, OpenSlots, REASON_CODE, refusal } from '../channel/index.ts'
import { ResetStream } from './reset-stream.ts'
import { SwarmLink } from './swarm-link.ts'
import type { Clock } from '../base/index.ts'
import type { CallOptions, ProviderEvents, ProviderStream, StreamHeaders, StreamProvider } from '../channel/index.ts'
import type { CloseReason, Connection, Stream } from '../swarm/index.ts'

/** Spec-channel 12.5. */
export const LIBCHAN_PROTOCOL = '/libchan/1.0.0'

/** Says which session of its connection a stream belongs to; 1 when absent. */
export const SESSION_HEADER = 'libchan-session'

/** Says that the session is over, and how. */
export const GOODBYE_HEADER = 'libchan-goodbye'

/** On a stream that takes the place of one that was reset before it was taken up: the code of that. */
export const RESET_HEADER = 'libchan-reset'

const CLOSED = 'closed'
const ABORTED = 'aborted'

/** So long may the other side take to end its streams after it said goodbye. */
const GOODBYE_TIMEOUT_MS = 10_000

export interface SwarmProviderInit {
  connection: Connection
  protocol: string
  /** Which session of the connection it is, from 1. */
  number: number
  maxOpenStreams: number
  clock: Clock
}

/** The ways in which a connection ends that are nobody's fault. */
const GRACEFUL: ReadonlySet<CloseReason['code']> = new Set(['closed', 'shutdown', 'supplanted', 'trimmed'])

/** The streams of a session over one connection of a swarm; spec-channel 12.5. The connection lives on after it. */
export class SwarmProvider implements StreamProvider {
  readonly name = 'swarm'
  readonly framing = 'records'
  readonly peerVersion = 1
  readonly connection: Connection
  readonly #protocol: string
  readonly #number: number
  readonly #clock: Clock
  readonly #links = new Set<SwarmLink>()
  readonly #slots: OpenSlots<SwarmLink>
  #events: ProviderEvents | undefined
  /** Streams that came before `start`. */
  #early: ProviderStream[] = []
  /** How it ended: with an error unless gracefully. */
  #end: { readonly error: Error | undefined } | undefined
  #isRefusing = false
  #closing: Promise<void> | undefined

  constructor ({ connection, protocol, number, maxOpenStreams, clock }: SwarmProviderInit) {
    this.connection = connection
    this.#protocol = protocol
    this.#number = number
    this.#clock = clock
    this.#slots = new OpenSlots(maxOpenStreams, (link) => { link.open() })
    void connection.closed.then((reason) => { this.#onConnectionEnd(reason) })
  }

  /** Whether it has ended, or is about to. */
  get isClosing (): boolean {
    return this.#isRefusing
  }

  get isInitiator (): boolean {
    return this.connection.direction === 'outbound'
  }

  get remoteAddress (): string {
    return this.connection.remoteAddr.toString()
  }

  start (events: ProviderEvents): void {
    this.#events = events

    for (const stream of this.#early.splice(0)) {
      this.#give(stream)
    }

    if (this.#end != null) {
      events.onClose(this.#end.error)
    }
  }

  open (headers: StreamHeaders): ProviderStream {
    if (this.#isRefusing) {
      throw this.#end?.error ?? sessionClosed('the session was closed')
    }

    const own = this.#ownHeaders(headers)
    const link = new SwarmLink({
      open: async () => this.#newStream(),
      onEarlyReset: ({ code }) => { this.#say({ ...own, [RESET_HEADER]: String(code) }).catch(() => {}) }
    })

    this.#add(link)

    try {
      this.#slots.add(link)
    } catch (thrown) {
      this.#links.delete(link)
      throw thrown
    }

    return openHeaded(link, own)
  }

  /** A stream of the other side, of this session. */
  accept (stream: ProviderStream, link: SwarmLink): void {
    if (this.#isRefusing) {
      stream.reset({ code: REASON_CODE.sessionClosed, message: '' })
    } else {
      this.#add(link)
      this.#take(stream)
    }
  }

  /** One that the other side reset before this side could take it up. */
  acceptReset (headers: StreamHeaders, code: number): void {
    if (!this.#isRefusing) {
      this.#take(new ResetStream(headers, code))
    }
  }

  #take (stream: ProviderStream): void {
    if (this.#events == null) {
      this.#early.push(stream)
    } else {
      this.#give(stream)
    }
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    this.#closing ??= this.#closeGracefully()

    await raceOrEnd(this.#closing, signal, (thrown) => { this.abort(toError(thrown)) })
  }

  abort (error: Error): void {
    if (this.#end == null && this.connection.status === 'open') {
      this.#sayGoodbye(ABORTED).catch(() => {}) // the connection may be gone
    }

    this.#endHere(error, error)
  }

  /** The other side says that the session is over. It ends the streams too, behind what it had sent on them. */
  onGoodbye (how = CLOSED): void {
    const lost = how === CLOSED ? undefined : new CodedError('ConnectionLost', 'the other side aborted the session')
    const reason = lost ?? sessionClosed('the other side closed the session')

    for (const link of this.#links) {
      link.explainReset(reason)
    }

    const timer = after(this.#clock, GOODBYE_TIMEOUT_MS, () => { this.#failLinks(reason) }, { background: true })

    void this.#endThere(lost).finally(() => { timer[Symbol.dispose]() })
  }

  async #closeGracefully (): Promise<void> {
    if (this.#isRefusing) {
      return
    }

    this.#isRefusing = true
    await flushAll([...this.#links], this.#clock)

    // the other side sees the streams end too; this is for a session that has none
    await this.#sayGoodbye(CLOSED).catch(() => {})
    this.#endHere(undefined, sessionClosed('the session was closed here'))
  }

  async #sayGoodbye (how: string): Promise<void> {
    await this.#say(this.#ownHeaders({ [GOODBYE_HEADER]: how }))
  }

  /** Tells the other side something by a stream of headers alone. */
  async #say (headers: StreamHeaders): Promise<void> {
    const link = new SwarmLink({ open: async () => this.#newStream() })

    link.open()
    openHeaded(link, headers)
    link.end()
    await link.flush()
    link.discard()
  }

  async #newStream (): Promise<Stream> {
    return this.connection.newStream(this.#protocol, { limited: 'allow' })
  }

  #ownHeaders (headers: StreamHeaders): StreamHeaders {
    return this.#number === 1 ? headers : { ...headers, [SESSION_HEADER]: String(this.#number) }
  }

  #add (link: SwarmLink): void {
    this.#links.add(link)
    void link.gone.then(() => {
      this.#links.delete(link)
      this.#slots.remove(link)
    })
  }

  #give (stream: ProviderStream): void {
    try {
      this.#events?.onStream(stream)
    } catch (thrown) {
      stream.reset(refusal(thrown))
    }
  }

  /** Streams end with their connection by themselves, behind what had arrived. */
  #onConnectionEnd ({ code, error }: CloseReason): void {
    if (GRACEFUL.has(code)) {
      void this.#endThere(undefined)
    } else {
      void this.#endThere(new CodedError('ConnectionLost', `the connection with ${this.remoteAddress} was lost (${code})`, { cause: error }))
    }
  }

  #endHere (error: Error | undefined, reason: Error): void {
    if (this.#refuse(error)) {
      this.#failLinks(reason)
      queueMicrotask(() => { this.#events?.onClose(error) })
    }
  }

  async #endThere (error: Error | undefined): Promise<void> {
    if (this.#refuse(error)) {
      await Promise.all(Array.from(this.#links, async (link) => link.gone))
      this.#events?.onClose(error)
    }
  }

  /** Whether this is the end; the first counts. */
  #refuse (error: Error | undefined): boolean {
    if (this.#end != null) {
      return false
    }

    this.#end = { error }
    this.#isRefusing = true

    for (const link of this.#slots.takeWaiting()) {
      link.fail(error ?? sessionClosed('the session was closed'))
    }

    return true
  }

  #failLinks (reason: Error): void {
    for (const link of this.#links) {
      link.fail(reason)
    }
  }
}

function sessionClosed (message: string): ChannelError {
  return Object.assign(new ChannelError('SessionClosed', message), { resetCode: REASON_CODE.sessionClosed })
}
