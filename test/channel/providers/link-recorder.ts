import type { ByteLink, LinkEvents } from '../../../src/channel/contract/index.ts'

/** Writes down what a link tells, and lets tests wait for it. */
export class LinkRecorder implements LinkEvents {
  readonly log: string[] = []
  readonly closed: Promise<Error | undefined>
  readonly ended: Promise<void>
  byteLength = 0
  rooms = 0
  error: Error | undefined
  #chunks: Uint8Array[] = []
  #onClosed!: (error: Error | undefined) => void
  #onEnded!: () => void
  #wanted: { byteLength: number, resolve(): void } | undefined
  #onNextRoom: (() => void) | undefined

  constructor () {
    this.closed = new Promise((resolve) => { this.#onClosed = resolve })
    this.ended = new Promise((resolve) => { this.#onEnded = resolve })
  }

  get bytes (): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  get text (): string {
    return new TextDecoder().decode(this.bytes)
  }

  get chunkLengths (): number[] {
    return this.#chunks.map(({ byteLength }) => byteLength)
  }

  onData (bytes: Uint8Array): void {
    this.log.push('data')
    this.#chunks.push(bytes)
    this.byteLength += bytes.byteLength

    if (this.#wanted != null && this.byteLength >= this.#wanted.byteLength) {
      this.#wanted.resolve()
    }
  }

  onEnd (): void {
    this.log.push('end')
    this.#onEnded()
  }

  onRoom (): void {
    this.log.push('room')
    this.rooms++
    this.#onNextRoom?.()
  }

  onClose (error?: Error): void {
    this.log.push(error == null ? 'close' : `close: ${error.name}`)
    this.error = error
    this.#onClosed(error)
  }

  /** Resolves when that much has come in all. */
  async received (byteLength: number): Promise<void> {
    if (this.byteLength < byteLength) {
      await new Promise<void>((resolve) => { this.#wanted = { byteLength, resolve } })
    }
  }

  /** Resolves when the link says next that there is room. */
  async nextRoom (): Promise<void> {
    await new Promise<void>((resolve) => { this.#onNextRoom = resolve })
  }
}

/** A recorder that listens to `link` from now on. */
export function record (link: ByteLink): LinkRecorder {
  const recorder = new LinkRecorder()

  link.attach(recorder)
  link.resume()

  return recorder
}

/** Writes `total` bytes, counting 0 to 250 round and round, no faster than the link takes them. */
export async function pour (link: ByteLink, recorder: LinkRecorder, total: number, pieceBytes: number): Promise<void> {
  for (let offset = 0; offset < total; offset += pieceBytes) {
    const room = recorder.nextRoom()

    if (!link.write(count(offset, Math.min(pieceBytes, total - offset)))) {
      await room
    }
  }
}

const ROUND = 251
const PATTERN = Uint8Array.from({ length: ROUND * 4096 }, (_, index) => index % ROUND)

/** Bytes `offset` and on of those that `pour` writes. */
export function count (offset: number, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength)

  for (let done = 0; done < byteLength;) {
    const start = (offset + done) % ROUND
    const piece = PATTERN.subarray(start, start + byteLength - done)

    bytes.set(piece, done)
    done += piece.byteLength
  }

  return bytes
}
