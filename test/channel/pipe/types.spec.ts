import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { copy, pipe, select, withSchema } from '../../../src/channel/pipe/index.ts'
import type { ByteStream, Receiver, Sender, Wire } from '../../../src/channel/contract/index.ts'
import type { SelectResult } from '../../../src/channel/pipe/index.ts'
import type { Readable } from 'node:stream'

interface Job {
  readonly id: number
}

interface Reply {
  readonly text: string
}

type Branches = {
  job: Receiver<Job>
  reply: readonly [Sender<Reply>, Reply]
  stop: AbortSignal
  idle: { afterMs: number }
}

/** Never called: what it says is checked when it is compiled. */
async function uses (jobs: Receiver<Job>, replies: Sender<Reply>, stop: AbortSignal): Promise<void> {
  const next = await select({ job: jobs, reply: [replies, { text: 'hello' }], stop, idle: { afterMs: 5 } })

  expectTypeOf(next).toEqualTypeOf<SelectResult<Branches>>()
  expectTypeOf(next.name).toEqualTypeOf<'job' | 'reply' | 'stop' | 'idle'>()

  if (next.name === 'job') {
    expectTypeOf(next.value).toEqualTypeOf<Job | undefined>()

    if (!next.done) {
      expectTypeOf(next.value).toEqualTypeOf<Job>()
    }
  }

  if (next.name === 'stop') {
    expectTypeOf(next.reason).toEqualTypeOf<unknown>()
  }

  if (next.name === 'idle') {
    // @ts-expect-error time has passed, and has no value
    void next.value
  }

  // @ts-expect-error the value does not fit the sender
  void select({ reply: [replies, { text: 5 }] })
  // @ts-expect-error no branch
  void select({ odd: 5 })
  // @ts-expect-error a job is no reply
  void copy(replies, jobs)
  expectTypeOf(copy(replies, pipe<Reply>()[0])).toEqualTypeOf<Promise<number>>()
}

describe('the types of', () => {
  it('select are a union by name', () => {
    expectTypeOf(uses).toBeFunction()
    expectTypeOf<Extract<SelectResult<Branches>, { name: 'job' }>>().toEqualTypeOf<
      | { readonly name: 'job', readonly done: false, readonly value: Job }
      | { readonly name: 'job', readonly done: true, readonly value: undefined }
    >()
    expectTypeOf<Extract<SelectResult<Branches>, { name: 'reply' }>>().toEqualTypeOf<{ readonly name: 'reply' }>()
    expectTypeOf<Extract<SelectResult<Branches>, { name: 'idle' }>>().toEqualTypeOf<{ readonly name: 'idle' }>()
  })

  it('select follow branches that were collected', () => {
    expectTypeOf<SelectResult<Record<string, Receiver<Job>>>['name']>().toEqualTypeOf<string>()
    expectTypeOf<SelectResult<Record<string, Receiver<Job>>>['value']>().toEqualTypeOf<Job | undefined>()
  })

  it('select have names that were written as numbers as strings', () => {
    expectTypeOf<SelectResult<{ 0: Receiver<Job>, 1: AbortSignal }>['name']>().toEqualTypeOf<'0' | '1'>()
  })

  it('pipe come from the argument or from the schema', () => {
    const schema = z.object({ size: z.string().transform(Number) })

    expectTypeOf(pipe()).toEqualTypeOf<[receiver: Receiver<unknown>, sender: Sender<unknown>]>()
    expectTypeOf(pipe<Job>({ capacity: 3 })).toEqualTypeOf<[receiver: Receiver<Job>, sender: Sender<Job>]>()
    expectTypeOf(pipe({ schema })).toEqualTypeOf<[receiver: Receiver<{ size: number }>, sender: Sender<{ size: string }>]>()
    expectTypeOf(pipe<{ size: number }>({ schema })).toEqualTypeOf<[receiver: Receiver<{ size: number }>, sender: Sender<{ size: number }>]>()
  })

  it('withSchema come from the schema', () => {
    const [receiver, sender] = pipe<unknown>()

    expectTypeOf(withSchema(receiver, z.string())).toEqualTypeOf<Receiver<string>>()
    expectTypeOf(withSchema(sender, z.string().transform(Number))).toEqualTypeOf<Sender<string>>()
  })

  it('a message follow it through the wire, however deep', () => {
    type Sent = { file: Readable, at: Date, list: Array<{ replies: Sender<{ file: Readable }> }>, jobs: Receiver<Receiver<{ file: Readable }>> }

    expectTypeOf<Wire<Sent>>().toEqualTypeOf<{
      file: ByteStream
      at: Date
      list: Array<{ replies: Sender<{ file: Readable }> }>
      jobs: Receiver<Receiver<{ file: ByteStream }>>
    }>()
    expectTypeOf<Wire<unknown>>().toEqualTypeOf<unknown>()
    expectTypeOf<Wire<string | undefined>>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Wire<() => void>>().not.toBeAny()
  })
})
