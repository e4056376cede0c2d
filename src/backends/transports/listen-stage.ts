import { raceSignal } from '../../base/index.ts'
import { listen } from '../../channel/index.ts'
import { serve, Server, ServiceError, task, VERBS } from '../../service/index.ts'
import { Chatter } from '../chatter.ts'
import { isGone } from '../pass-on.ts'
import { untilUnheard } from '../until-unheard.ts'
import { refuseChannels } from './refuse-channels.ts'
import type { Operands } from './operands.ts'
import type { Clock } from '../../base/index.ts'
import type { Listener, Sender, Session } from '../../channel/index.ts'
import type { Call, Message, Service, SpawnContext, TaskContext } from '../../service/index.ts'

/**
 * A stage that passes on to the right what those ask who connect; spec-service 8. They are remote callers, known by
 * where they come from. It listens before it is given out, and answers once it is started.
 *
 * @throws CodedError ListenFailed, InvalidAddress
 */
export async function listenStage ({ url, tls, origins }: Operands, { host: { clock } }: SpawnContext): Promise<Service> {
  const door = new Door(clock)
  const listener = await listen(url, async (session) => door.admit(session), { tls, origins, clock })
  const run = task(async (context) => {
    try {
      return await answer(context, listener, door)
    } finally {
      door.shut(new ServiceError('Unavailable', `${listener.url} answers no more`))
      await listener.close()
    }
  }, { name: listener.url, clock })

  return new Server(listener.url)
    .onVerb(VERBS.get, async (call) => {
      if (call.args.length > 0) {
        return run.handle(call)
      }

      await call.answer({ verb: VERBS.set, args: [JSON.stringify({ url: listener.url, sessions: door.sessions })] })
      await call.end()
    })
    .catchall(run)
    .onClose(async () => {
      await run.close()
      await listener.close() // it may never have been started
    })
}

async function answer (context: TaskContext, listener: Listener, door: Door): ReturnType<typeof untilUnheard> {
  const { output, signal } = context
  const chatter = new Chatter(async (text) => output.send({ verb: VERBS.log, args: ['info', text] }, { signal }))

  chatter.say(`listening at ${listener.url}`)
  door.open(output, (text) => { chatter.say(text) })

  return untilUnheard(context, async (unheard) => {
    const error = await raceSignal(listener.closed, unheard)

    throw new ServiceError('Unavailable', `${listener.url} listens no more${error == null ? '' : `: ${error.message}`}`, { cause: error })
  })
}

type Say = (text: string) => void

/** Between those who connect and the stage at the right, which is there once this one is started. */
class Door {
  readonly #clock: Clock
  readonly #inside = Promise.withResolvers<{ output: Sender<Message>, say: Say }>()
  #sessions = 0

  constructor (clock: Clock) {
    this.#clock = clock
    this.#inside.promise.catch(() => {}) // nobody may have come
  }

  get sessions (): number {
    return this.#sessions
  }

  open (output: Sender<Message>, say: Say): void {
    this.#inside.resolve({ output, say })
  }

  shut (error: Error): void {
    this.#inside.reject(error)
  }

  /** Resolves when the other side has given up its reference; its session lives on, for what it still hears. */
  async admit (session: Session): Promise<void> {
    const { output, say } = await this.#inside.promise
    const peer = session.remoteAddress

    this.#sessions++
    void session.closed.then(({ error }) => {
      this.#sessions--
      say(`${peer} has gone${error == null ? '' : `: ${error.message}`}`)
    })
    say(`${peer} has connected`)

    const root = await session.waitReceiveChannel<Message>()

    void refuseChannels(session)
    await serve({ handle: async (call) => toTheRight(call, output) }, root, {
      caller: { peer },
      clock: this.#clock,
      onError: (error, { verb = 'a message' }) => { say(`could not pass on ${verb} of ${peer}: ${error.message}`) }
    })
  }
}

async function toTheRight (call: Call, output: Sender<Message>): Promise<void> {
  try {
    await call.forward(output)
  } catch (thrown) {
    call.att?.reset('nobody takes it')
    throw isGone(thrown) ? new ServiceError('Unavailable', 'there is no stage at the right any more', { cause: thrown }) : thrown
  }
}
