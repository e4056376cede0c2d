import { reference, ServiceError, verbName, VERBS } from '../../service/index.ts'
import type { EngineStream } from './engine-stream.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Call, Message, Service } from '../../service/index.ts'

/** Answers `get` with JSON, as the text that the engine sent: counters of 64 bits do not survive a parser. */
export async function answerJson (call: Call, json: string): Promise<void> {
  await call.answer({ verb: VERBS.set, args: [json] })
  await call.end()
}

export async function answerAck (call: Call, ...args: string[]): Promise<void> {
  await call.ack(...args)
  await call.end()
}

/** Answers with an object, and what the engine said about it if there is that. */
export async function answerObject (call: Call, object: Service, args: readonly string[] = []): Promise<void> {
  await call.answer({ verb: VERBS.ack, args, ret: reference(object, { caller: call.caller, clock: call.clock }) })
  await call.end()
}

/** Answers with bytes. When nobody takes the answer, they are reset. */
export async function answerBytes (call: Call, verb: Message['verb'], att: ByteStream, args: ReadonlyArray<string | undefined>): Promise<void> {
  try {
    assertAnswerWanted(call)
    await call.answer({ verb, args: args.filter((arg) => arg != null), att })
  } catch (thrown) {
    abandon(att)
    throw thrown
  }

  await call.end()
}

/** What gives bytes, or an object that only its reference can reach, is not done for nobody. @throws ServiceError InvalidArgument */
export function assertAnswerWanted (call: Call): void {
  if (!call.isOpen) {
    throw new ServiceError('InvalidArgument', `${verbName(call.verb)} wants somewhere to answer to`)
  }
}

/** What comes, as `set` with its JSON. An error ends it. */
export async function * asMessages (stream: EngineStream): AsyncGenerator<Message, void> {
  for await (const json of stream.values()) {
    yield { verb: VERBS.set, args: [json] }
  }
}

function abandon (att: ByteStream): void {
  try {
    att.reset('nobody takes it')
  } catch {
    // it has been moved: its new owner ends it
  }
}

/** One of several words that an argument may be. @throws ServiceError InvalidArgument naming them */
export function invalidWord (what: string, words: readonly string[], received: string | undefined): ServiceError {
  return new ServiceError('InvalidArgument', `wanted ${what} to be one of ${words.join(', ')}, received ${received == null ? 'nothing' : JSON.stringify(received)}`)
}
