import { StreamBufferError, StreamStateError, TimeoutError } from '@libp2p/interface'
import { after, CodedError, concat, freeBytes, MIN_FREED_BYTES, raceSignal } from '../base/index.ts'
import { MessageStreamBase } from '../message-stream/index.ts'
import type { BusyPoll, Clock, Timer } from '../base/index.ts'
import type { AbortOptions, Logger, MessageStreamDirection } from '@libp2p/interface'
import type { Socket } from 'node:net'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Bytes that nobody takes, from which on they are left with the operating system. */
const READ_HIGH_WATER_BYTES = 64 * 1024

/**
 * Bytes that the operating system does not take, from which on there is no room. At least what Node
 * itself regards as much, or it would not tell of room.
 */
const WRITE_HIGH_WATER_BYTES = 128 * 1024

/** Of one turn; what goes beyond is sent at once, and all that follows. */
const MAX_GATHERED_BYTES = 4 * 1024

/**
 * For the peer to answer our end, where nobody's signal says for how long. A socket that is closed before
 * meets what still comes with a reset, and that takes along what the peer has not yet read.
 */
const LINGER_MS = 1000

/** Of the interface's default. */
const MAX_READ_BUFFER_BYTES = 4 * 1024 * 1024

export interface SocketStreamInit {
  /** Connected; from here on in the hands of the stream alone. */
  socket: Socket
  direction: MessageStreamDirection
  clock: Clock
  log: Logger
  /** What keeps the loop awake for answers; undefined: nothing does. */
  poll: BusyPoll | undefined
}

/**
 * The bytes of a socket, of `node:net` or `node:tls`, as libp2p wants them. A chunk goes to the listener
 * in the memory in which it arrived; a list leaves in one system call.
 *
 * The peer's end is the end of both directions, as everywhere in libp2p: the socket answers it by itself,
 * once what was written has left.
 */
export abstract class SocketStream extends MessageStreamBase {
  readonly log: Logger
  readonly poll: BusyPoll | undefined
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #ended = Promise.withResolvers<void>()
  /** Whether the socket is told to wait as nobody takes what is here. */
  #isHeldBack = false
  /** Whether `abort` is at work: what it brings about is no news. */
  #isBreakingOff = false
  /** Whether somebody else reads and writes the socket. */
  #isDetached = false
  /** During `sendAway`. */
  #isGivenAway = false
  #hasSentEnd = false
  /** Of whoever waits for the peer's answer to our end. */
  #patience: AbortSignal | undefined
  #lingering: Timer | undefined
  /** What waits for the end of the turn. */
  #gathered: Uint8Array[] | undefined
  #gatheredBytes = 0

  constructor ({ socket, direction, clock, log, poll }: SocketStreamInit) {
    super({ direction, maxReadBufferLength: MAX_READ_BUFFER_BYTES, clock })
    this.log = log
    this.poll = poll
    this.#socket = socket
    this.#clock = clock

    this.#listen('on')
  }

  /** Node reads into a buffer of its own each time. */
  override get givesMemoryAway (): boolean {
    return this.takerCount <= 1
  }

  /** Whether our end has left, and that of the peer is awaited. */
  get isLingering (): boolean {
    return this.#hasSentEnd && this.status === 'closing'
  }

  override get awaitsReceipt (): boolean {
    return true
  }

  /** Bytes that wait for `drain`. */
  get writeBufferLength (): number {
    return this.writableNeedsDrain ? this.#socket.writableLength : 0
  }

  /**
   * Sends bytes, which must not be changed afterwards; false when the next should wait for `drain`.
   *
   * @throws StreamStateError when the writable end is closing or closed
   */
  send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable' || this.#isDetached) {
      throw new StreamStateError(`cannot write to a stream whose writable end is ${this.#isDetached ? 'with an encrypter' : this.writeStatus}`)
    }

    if (data.byteLength > 0) {
      this.#write(data)
    }

    return !this.writableNeedsDrain
  }

  /** As `send`, of memory that nobody else uses: it is freed as soon as it has left. */
  override sendAway (data: Uint8Array | Uint8ArrayList): boolean {
    this.#isGivenAway = true

    try {
      return this.send(data)
    } finally {
      this.#isGivenAway = false
    }
  }

  override gather (): void {
    if (this.#gathered == null && this.writeStatus === 'writable' && !this.#isDetached) {
      this.#gathered = []
      this.#gatheredBytes = 0
      process.nextTick(() => { this.#sendGathered() })
    }
  }

  /**
   * Ends the connection, and resolves when the peer has answered that with its own end, and so has read all,
   * or the connection has ended in another way. What the peer sends meanwhile is thrown away. The signal ends
   * the waiting; then, and where there is none, the peer has one second after all has left.
   *
   * @throws the signal's reason
   */
  async close ({ signal }: AbortOptions = {}): Promise<void> {
    if (this.status === 'open') {
      this.status = 'closing'
      this.writeStatus = 'closing'
      this.#patience = signal
      this.#sendGathered()
      this.endSocket(this.#socket)
    }

    try {
      await raceSignal(this.#ended.promise, signal)
    } finally {
      this.#boundLingering()
    }
  }

  /** Ends both directions at once, and tells the peer where that can be told. */
  abort (error: Error): void {
    // even when it is over, the socket may still be answering the peer's end
    const isNews = this.#isLive

    this.#isBreakingOff = true
    this.#sendGathered() // it was sent before
    this.resetSocket(error)

    if (isNews) {
      this.fail(error, { isLocal: true })
    }
  }

  override pause (): void {
    super.pause()

    if (this.readStatus === 'paused' && !this.#isDetached) {
      this.#socket.pause()
    }
  }

  override resume (): void {
    super.resume()
    this.#flow()
  }

  /** Sends the end behind what was written. */
  protected endSocket (socket: Socket): void {
    socket.end(() => { this.#onEndSent() })
  }

  /** Closes now. */
  protected abstract resetSocket (error: Error): void

  override onConsumed (): void {
    this.#flow()
  }

  /** The connection has failed, unless it was over before that. */
  protected endWith (error: Error, { isLocal }: { isLocal: boolean }): void {
    if (this.#isLive) {
      this.fail(error, { isLocal })
    }
  }

  /** The peer has ended the connection. */
  protected onRemoteEnd (): void {
    this.endRemote()

    if (this.status === 'open') {
      this.finish()
    }
  }

  /** Stops reading and writing; what has been read is unread, in `onUnread`. What happens to the socket still counts. */
  protected detach (onUnread: (bytes: Uint8ArrayList | Uint8Array) => void): void {
    const onMessage = ({ data }: { data: Uint8ArrayList | Uint8Array }): void => { onUnread(data) }

    this.#isDetached = true
    this.#sendGathered() // what comes now goes another way, and behind it
    this.#socket.pause()
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onSocketEnd)
    this.#socket.off('drain', this.#onDrain)

    this.addEventListener('message', onMessage)
    this.resume()
    this.deliver()
    this.removeEventListener('message', onMessage)
  }

  #sendGathered (): void {
    const parts = this.#gathered ?? []

    this.#gathered = undefined

    if (parts.length > 0) {
      this.#socket.write(concat(parts)) // copied, as that costs less than a system call that takes several
    }
  }

  #onEndSent (): void {
    if (this.status !== 'closing') {
      return
    }

    this.#hasSentEnd = true
    this.#ignore()
    this.#boundLingering()
  }

  /** Reads on for the peer's end alone. */
  #ignore (): void {
    if (!this.#isDetached) {
      this.#socket.off('data', this.#onData)
      this.#socket.resume()
    }
  }

  #boundLingering (): void {
    if (this.isLingering && this.#patience?.aborted !== false) {
      this.#lingering ??= after(this.#clock, LINGER_MS, () => { this.#socket.destroy() })
    }
  }

  get #isLive (): boolean {
    return (this.status === 'open' || this.status === 'closing') && !this.#isBreakingOff
  }

  #write (data: Uint8Array | Uint8ArrayList): void {
    const socket = this.#socket

    this.poll?.onSend()

    if (this.#gathered != null && this.#gatheredBytes + data.byteLength <= MAX_GATHERED_BYTES) {
      this.#gathered.push(data.subarray())
      this.#gatheredBytes += data.byteLength
    } else {
      this.#sendGathered()
      this.#writeAll(data)
    }

    // Not `writableNeedDrain`, which a write sets that has left at once, if it was large. Who was told to wait is told when to go
    // on, so until then there is no room, however much has left meanwhile.
    this.writableNeedsDrain ||= socket.writableLength >= Math.max(WRITE_HIGH_WATER_BYTES, socket.writableHighWaterMark)

    if (this.maxWriteBufferLength != null && this.writeBufferLength > this.maxWriteBufferLength) {
      this.abort(new StreamBufferError(`at most ${this.maxWriteBufferLength} bytes may wait to be sent, there are ${this.writeBufferLength}`))
    }
  }

  #writeAll (data: Uint8Array | Uint8ArrayList): void {
    const socket = this.#socket

    if (data instanceof Uint8Array) {
      socket.write(data)
      return
    }

    socket.cork()

    for (const piece of data) {
      this.#writePiece(piece)
    }

    socket.uncork()
  }

  #writePiece (piece: Uint8Array): void {
    if (this.#isGivenAway && piece.byteLength >= MIN_FREED_BYTES) {
      this.#socket.write(piece, () => { freeBytes(piece) })
    } else {
      this.#socket.write(piece)
    }
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.poll?.onReceive()
    this.receive(chunk)
    this.deliver()

    if (this.readBufferLength > 0) {
      this.keepUnread()
    }

    if (this.readBufferLength >= READ_HIGH_WATER_BYTES) {
      this.#isHeldBack = true
      this.#socket.pause()
    }
  }

  /** Reads on, if that is wanted. */
  #flow (): void {
    if (this.#isDetached || this.readStatus === 'paused' || (this.#isHeldBack && this.readBufferLength > 0)) {
      return
    }

    this.#isHeldBack = false

    if (this.#socket.isPaused()) {
      this.#socket.resume()
    }
  }

  readonly #onDrain = (): void => {
    if (this.writableNeedsDrain && this.#isLive) {
      this.tellRoom()
      this.tellIdle()
    }
  }

  readonly #onSocketEnd = (): void => {
    this.onRemoteEnd()
  }

  readonly #onTimeout = (): void => {
    this.abort(new TimeoutError(`nothing was sent or received for ${this.inactivityTimeout} ms`))
  }

  readonly #onError = (error: Error): void => {
    this.endWith(error, { isLocal: false })
  }

  readonly #onClose = (): void => {
    this.#lingering?.[Symbol.dispose]()
    this.#lingering = undefined

    if (this.status === 'closing') {
      this.endRemote()
      this.finish()
    } else if (this.#isLive) {
      this.fail(new CodedError('ConnectionLost', 'the socket was destroyed'), { isLocal: false })
    }

    this.#ended.resolve()
    this.#letGo()
  }

  /**
   * V8 allocates what Node keeps of the listeners of a socket in its old generation, and finds it only when it collects everything:
   * until then it would keep this stream, and with it all that was ever made for the connection.
   */
  #letGo (): void {
    this.#socket.on('error', ignore)
    this.#listen('off')
  }

  /** Begins or ends to listen. */
  #listen (change: 'on' | 'off'): void {
    const socket = this.#socket

    socket[change]('data', this.#onData)
    socket[change]('end', this.#onSocketEnd)
    socket[change]('drain', this.#onDrain)
    socket[change]('timeout', this.#onTimeout)
    socket[change]('error', this.#onError)
    socket[change]('close', this.#onClose)
  }
}

function ignore (): void {}
