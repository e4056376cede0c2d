import { describe, expect, it } from 'vitest'
import { splice } from '../../src/cli/splice.ts'
import { settle } from '../support/fake-clock.ts'
import { MemorySink } from './support/memory-context.ts'
import type { Stream } from '../../src/index.ts'

/** A stream whose peer says what it is told to, and that notes what becomes of it. */
class ScriptedStream {
  readonly log: string[] = []
  readonly #closed = Promise.withResolvers<Error | undefined>()
  readonly #incoming: string[]

  constructor (...incoming: string[]) {
    this.#incoming = incoming
  }

  get closed (): Promise<Error | undefined> {
    return this.#closed.promise
  }

  async read (): Promise<Uint8Array | null> {
    const next = this.#incoming.shift()

    return next == null ? null : Buffer.from(next)
  }

  async write (bytes: Uint8Array): Promise<void> {
    this.log.push(`write ${Buffer.from(bytes).toString()}`)
  }

  async closeWrite (): Promise<void> {
    this.log.push('closeWrite')
  }

  async close (): Promise<void> {
    this.log.push('close')
  }

  reset (reason?: Error): void {
    this.log.push(`reset ${reason?.message}`)
  }

  fail (error: Error): void {
    this.#closed.resolve(error)
  }
}

const silence: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) })
}

async function * say (...words: string[]): AsyncGenerator<Uint8Array> {
  yield * words.map((word) => Buffer.from(word))
}

function run (stream: ScriptedStream, stdin: AsyncIterable<Uint8Array>, signal = new AbortController().signal): { ended: ReturnType<typeof splice>, stdout: MemorySink } {
  const stdout = new MemorySink()

  return { ended: splice(stream as unknown as Stream, { stdin, stdout, signal }), stdout }
}

describe('splice', () => {
  it('ends each direction by itself, then the stream, and counts', async () => {
    const stream = new ScriptedStream('hello ', 'there')

    const { ended, stdout } = run(stream, say('a', 'bc'))

    expect(await ended).toEqual({ sent: 3, received: 11 })
    expect(stdout.text).toBe('hello there')
    expect(stream.log).toEqual(['write a', 'write bc', 'closeWrite', 'close'])
  })

  it('notices that the stream has failed after the last word of the peer, while stdin is silent', async () => {
    const stream = new ScriptedStream('bye')
    const { ended, stdout } = run(stream, silence)
    const failed = expect(ended).rejects.toThrow('connection lost')

    await settle()
    expect(stdout.text).toBe('bye')
    stream.fail(new Error('connection lost'))
    await failed

    expect(stream.log).toEqual(['reset connection lost'])
  })

  it('resets the stream when stdin fails', async () => {
    const stream = new ScriptedStream()
    const broken = (async function * () {
      yield Buffer.from('a')
      throw new Error('disk on fire')
    })()

    await expect(run(stream, broken).ended).rejects.toThrow('disk on fire')
    expect(stream.log).toEqual(['write a', 'reset disk on fire'])
  })

  it('stops when told to, with the reason that it is told', async () => {
    const controller = new AbortController()
    const reason = new Error('Ctrl-C')
    const { ended } = run(new ScriptedStream(), silence, controller.signal)
    const failed = expect(ended).rejects.toBe(reason)

    await settle()
    controller.abort(reason)

    await failed
  })
})
