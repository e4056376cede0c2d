import { Deadline, raceSignal, toError } from '../base/index.ts'
import { byteStreamPair } from '../channel/index.ts'
import { defineBackend, ServiceError, tapped, task, toMessage, verbName, VERBS } from '../service/index.ts'
import { Chatter } from './chatter.ts'
import { countBytes } from './count-bytes.ts'
import { untilUnheard } from './until-unheard.ts'
import type { CountedBytes } from './count-bytes.ts'
import type { ByteStream, Receiver, Sender } from '../channel/index.ts'
import type { ExitStatus, Message, Tapped, TaskContext } from '../service/index.ts'

/** In UTF-16 units: of the arguments of one message. */
export const MAX_SHOWN_LENGTH = 200

/** How long what has been seen waits, at the end, for somebody who reads it. */
export const LAST_LINES_MS = 1000

/** Shows what passes. */
export const debugBackend = defineBackend({
  name: 'debug',
  summary: 'shows each message that passes, and changes none',
  usage: '',
  description: [
    'Requests are shown as ---> with the number of the request, the verb and its arguments, and answers as <--- with the number of their request. So are those of objects that are given out in answers, whose number comes behind an @. Bytes are not shown: those that come with requests are counted, and their number is shown when they have ended.',
    'What it shows is its standard error: the stages on both sides do not see it. It never makes them wait: when lines are not read fast enough, the next ones are left out, and counted.'
  ],
  examples: ["swarmd 'dockerserver' debug 'dockerclient'"],
  spawn (args, { host }) {
    if (args.length > 0) {
      throw new ServiceError('InvalidArgument', `debug takes no arguments, received ${args.join(' ')}`)
    }

    return task(async (context) => show(context), { name: 'debug', clock: host.clock })
  }
})

async function show (context: TaskContext): Promise<ExitStatus> {
  const { input, output } = context
  const [near, far] = byteStreamPair()
  const chatter = new Chatter(async (line) => near.write(`${line}\n`))
  const passage = new Passage(chatter)

  return untilUnheard(context, async (signal) => {
    const passed = tapped(output.dup(), (each) => { passage.show(each) })

    await far.closeWrite()
    output.send({ verb: VERBS.file, args: ['stderr'], att: far }, { signal }).catch(() => { near.reset('nobody listens') })

    try {
      await passage.passAll(input, passed, signal)
    } catch (thrown) {
      // an input that was cut off is no end for the next stage either
      input.cancel(toError(thrown))
      passed.abort(toError(thrown))
      passage.abort(toError(thrown))
      throw thrown
    } finally {
      await endLines(near, chatter, context)
    }
  })
}

/** Lets what was seen be read, for a moment. */
async function endLines (near: ByteStream, chatter: Chatter, { clock, signal }: TaskContext): Promise<void> {
  using moment = new Deadline({ clock, signal, timeoutMs: LAST_LINES_MS, onTimeout: () => new Error('nobody reads what debug shows') })

  try {
    await raceSignal(chatter.flush(), moment.signal)
    await near.end(undefined, { signal: moment.signal })
  } catch (thrown) {
    near.reset(toError(thrown))
  }
}

/** What is on its way through a debug. */
class Passage {
  readonly #chatter: Chatter
  /** Those who wait for answers: when the stage is cut short, they would wait for ever. */
  readonly #callers = new Set<Sender<Message>>()
  /** Bytes that came with requests, by what they were replaced with. */
  readonly #bytes = new Map<ByteStream, CountedBytes>()

  constructor (chatter: Chatter) {
    this.#chatter = chatter
  }

  /** Resolves when the input has ended, and all bytes that came with it. */
  async passAll (input: Receiver<Message>, to: Sender<Message>, signal: AbortSignal): Promise<void> {
    void to.closed.then((end) => { input.cancel('reason' in end ? end.reason : undefined) }) // also while nothing comes

    for (let next = await input.receive({ signal }); next.done !== true; next = await input.receive({ signal })) {
      await to.send(this.#count(next.value), { signal })
    }

    await to.close({ signal })
    await raceSignal(Promise.all(Array.from(this.#bytes.values(), async ({ counted }) => counted)), signal)
  }

  show (each: Tapped): void {
    const { direction, id, object, message: { att, ret } } = each

    this.#chatter.say(toLine(each))

    if (direction === 'request' && ret != null) {
      this.#callers.add(ret)
      void ret.closed.then(() => { this.#callers.delete(ret) })
    }

    if (direction === 'request' && object === 0 && att != null) {
      void this.#showBytes(id, att)
    }
  }

  abort (reason: Error): void {
    this.#callers.forEach((caller) => { caller.abort(reason) })
    this.#bytes.forEach((bytes) => { bytes.abort(reason) })
  }

  #count (message: Message): Message {
    const { att } = toMessage(message)

    if (att == null) {
      return message
    }

    const bytes = countBytes(att)

    this.#bytes.set(bytes.stream, bytes)

    return { ...message, att: bytes.stream }
  }

  async #showBytes (id: number, att: ByteStream): Promise<void> {
    const count = await this.#bytes.get(att)?.counted

    if (count != null) {
      const { bytes, back, error } = count

      this.#bytes.delete(att)
      this.#chatter.say(`---> ${id} ${bytes} bytes${back === 0 ? '' : `, ${back} back`}${error == null ? '' : `, then ${error.message}`}`)
    }
  }
}

function toLine ({ direction, id, object, message }: Tapped): string {
  const { verb, args, ret, att } = message
  const shown = args.map((arg) => JSON.stringify(arg)).join(' ')

  return [
    direction === 'request' ? '--->' : '<---',
    object === 0 ? `${id}` : `${id} @${object}`,
    verbName(verb),
    `[${shown.length > MAX_SHOWN_LENGTH ? `${shown.slice(0, MAX_SHOWN_LENGTH)}… ${args.join('').length} characters` : shown}]`,
    ...att == null ? [] : ['+ bytes'],
    ...direction === 'answer' && ret != null ? ['+ object'] : []
  ].join(' ')
}
