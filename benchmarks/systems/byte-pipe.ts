/*
 * What is asked of systems that carry bytes: the work of a client over pipes, and of the server at their other end. So
 * sockets, HTTP/2 and swarms are measured by one piece of code, each through the calls that its own documentation shows.
 */
import { BULK_WRITE_BYTES, MESSAGE_BYTES } from './system.ts'
import { Work } from './work.ts'
import type { Amount, Done } from './system.ts'

/** One two-way sequence of bytes. */
export interface BytePipe {
  /** Undefined when there is room for more, else resolves when there is. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** Ends our direction. */
  end(): void | Promise<void>
  /** Gives all that comes to `onBytes`. Resolves at the end of the other side's direction. */
  read(onBytes: (bytes: Uint8Array) => void): Promise<void>
}

/** What the server is to do with a pipe: echo it, or count its bytes and say how many they were. */
export type Purpose = 'echo' | 'sink'

const COUNT_BYTES = 8
/** So that buffers are as full as they get. */
const UNTIL_BULK_FLOWS_MS = 100
const MESSAGE = new Uint8Array(MESSAGE_BYTES).fill(7)
const BULK_WRITE = new Uint8Array(BULK_WRITE_BYTES).fill(7)

/** For a server: reads to the end, then tells how many bytes that were. */
export async function sink (pipe: BytePipe): Promise<void> {
  let bytes = 0

  await pipe.read(({ byteLength }) => { bytes += byteLength })

  const count = new Uint8Array(COUNT_BYTES)

  new DataView(count.buffer).setBigUint64(0, BigInt(bytes))
  await pipe.write(count)
  await pipe.end()
}

export async function bulk (pipes: readonly BytePipe[], amount: Amount): Promise<Done> {
  const work = new Work(amount)

  await Promise.all(pipes.map((pipe) => fill(pipe, work, BULK_WRITE)))

  return work.done(work.taken * BULK_WRITE_BYTES)
}

export async function messages (pipe: BytePipe, amount: Amount): Promise<Done> {
  const work = new Work(amount)

  await fill(pipe, work, MESSAGE)

  return work.done()
}

/** Writes the same again and again, and waits for the server's count. */
async function fill (pipe: BytePipe, work: Pick<Work, 'next'>, write: Uint8Array): Promise<void> {
  const counted = readCount(pipe)
  let written = 0

  while (work.next()) {
    written += write.byteLength

    const room = pipe.write(write)

    if (room != null) {
      await room
    }
  }

  await pipe.end()

  const count = await counted

  if (count !== written) {
    throw new Error(`wrote ${written} bytes, and the server has read ${count}`)
  }
}

async function readCount (pipe: BytePipe): Promise<number> {
  const count = new Uint8Array(COUNT_BYTES)
  let length = 0

  await pipe.read((bytes) => {
    count.set(bytes, length)
    length += bytes.byteLength
  })

  return Number(new DataView(count.buffer).getBigUint64(0))
}

/**
 * Requests and answers on one pipe, where answers cannot overtake each other: another request for each answer
 * that has come in full. The pipe stays as it is.
 */
export class Requester {
  readonly #pipe: BytePipe
  #onAnswers: ((answers: number) => void) | undefined
  #bytes = 0
  #error: Error | undefined
  #fail: ((error: Error) => void) | undefined

  constructor (pipe: BytePipe) {
    this.#pipe = pipe
    pipe.read(({ byteLength }) => { this.#onBytes(byteLength) })
      .then(() => { this.#onEnd(new Error('the server ended the pipe')) }, (error) => { this.#onEnd(error as Error) })
  }

  async requests (amount: Amount, outstanding: number): Promise<Done> {
    const work = new Work(amount)
    const latenciesMs: number[] = []
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let open = 0
    let sentAt = 0
    const send = (most: number): void => {
      for (let sent = 0; sent < most && work.next(); sent++) {
        open++
        sentAt = outstanding === 1 ? performance.now() : 0
        this.#pipe.write(MESSAGE)?.catch(reject)
      }
    }

    this.#fail = reject
    this.#onAnswers = (answers) => {
      if (outstanding === 1) {
        latenciesMs.push(performance.now() - sentAt)
      }

      open -= answers
      send(answers)

      if (open === 0) {
        resolve()
      }
    }

    if (this.#error != null) {
      throw this.#error
    }

    send(outstanding)
    await promise

    return { ...work.done(), ...latenciesMs.length > 0 ? { latenciesMs } : {} }
  }

  async end (): Promise<void> {
    await this.#pipe.end()
  }

  #onBytes (byteLength: number): void {
    this.#bytes += byteLength

    const answers = Math.floor(this.#bytes / MESSAGE_BYTES)

    this.#bytes -= answers * MESSAGE_BYTES

    if (answers > 0) {
      this.#onAnswers?.(answers)
    }
  }

  #onEnd (error: Error): void {
    this.#error = error
    this.#fail?.(error)
  }
}

/** One message there and back, and the end of both directions. */
export async function echoOnce (pipe: BytePipe): Promise<void> {
  let length = 0
  const ended = pipe.read(({ byteLength }) => { length += byteLength })

  await pipe.write(MESSAGE)
  await pipe.end()
  await ended

  if (length !== MESSAGE_BYTES) {
    throw new Error(`sent ${MESSAGE_BYTES} bytes, and ${length} came back`)
  }
}

/** Latencies of requests on one pipe while another is never empty. */
export async function requestsDuringBulk (requester: Requester, bulkPipe: BytePipe, amount: Amount): Promise<Done> {
  const startedAt = performance.now()
  const work = new Work({ seconds: Infinity })
  let isOver = false
  const transfer = fill(bulkPipe, { next: () => !isOver && work.next() }, BULK_WRITE)

  await new Promise((resolve) => { setTimeout(resolve, UNTIL_BULK_FLOWS_MS) })

  const requests = requester.requests(amount, 1).finally(() => { isOver = true })
  const [done] = await Promise.all([requests, transfer])

  return { ...done, bulkBytesPerSecond: work.taken * BULK_WRITE_BYTES / (performance.now() - startedAt) * 1000 }
}
