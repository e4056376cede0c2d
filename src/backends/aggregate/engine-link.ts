import { Deadline, raceSignal, toError } from '../../base/index.ts'
import { Client, EXIT_FAILURE, exitStatusOf, fromErrorArgs, reference, ServiceError, VERBS } from '../../service/index.ts'
import { AGGREGATE_DEFAULTS } from './options.ts'
import type { EngineLine } from './engine-lines.ts'
import type { Clock } from '../../base/index.ts'
import type { ByteStream, Receiver, Sender } from '../../channel/index.ts'
import type { BackendHost, Caller, ExitStatus, Message, Reference, Stage } from '../../service/index.ts'

/** How an engine ended by itself; with the error that it told of, if it did. */
export interface EngineEnd {
  readonly exit: ExitStatus
  readonly error?: Error | undefined
}

/** What becomes of what an engine says by itself. */
export interface Hearing {
  readonly output: Sender<Message>
  /** Tells people. */
  report(text: string): void
}

/** An engine that was launched, and that is spoken to as a pipeline speaks to its stages: through its input. */
export class EngineLink {
  readonly name: string
  readonly input: Reference
  readonly #object: Client
  readonly #output: Receiver<Message>

  constructor (name: string, object: Client, input: Reference, output: Receiver<Message>) {
    this.name = name
    this.input = input
    this.#object = object
    this.#output = output
  }

  /** @throws what the engine answers; ServiceError DeadlineExceeded; the signal's reason */
  async start (signal: AbortSignal): Promise<void> {
    await this.#object.start([], { signal, timeoutMs: AGGREGATE_DEFAULTS.patientTimeoutMs })
  }

  /** @throws what the engine answers; ServiceError DeadlineExceeded */
  async stop (): Promise<void> {
    await this.#object.stop([], { timeoutMs: AGGREGATE_DEFAULTS.timeoutMs })
  }

  /** Gives it up: what still runs is ended. */
  async release (): Promise<void> {
    this.#output.cancel()
    await Promise.allSettled([this.input.close(), this.#object.close()])
  }

  /**
   * Passes on what the engine says, up to its end; its logs with its name.
   *
   * @throws CodedError ConnectionLost and the like when it is lost; ChannelCancelled when nobody listens
   */
  async hear (hearing: Hearing): Promise<EngineEnd> {
    let exit: ExitStatus | undefined
    let error: Error | undefined

    for await (const message of this.#output) {
      exit = exitStatusOf(message) ?? exit

      if (message.verb === VERBS.error) {
        error = fromErrorArgs(message.args)
        hearing.report(`${this.name}: ${error.message}`)
      } else if (exitStatusOf(message) == null) {
        await this.#passOn(message, hearing.output)
      }
    }

    return { exit: exit ?? { code: error == null ? 0 : EXIT_FAILURE }, error }
  }

  async #passOn (message: Message, output: Sender<Message>): Promise<void> {
    const { verb, args: [first = '', ...rest] } = message

    try {
      if (verb === VERBS.log) {
        await output.send({ ...message, args: rest.length === 0 ? [`${this.name}: ${first}`] : [first, `${this.name}: ${rest.join(' ')}`] })
      } else {
        await output.send(message)
      }
    } catch (thrown) {
      (message.att as Partial<ByteStream> | undefined)?.reset?.(toError(thrown))
      throw thrown
    }
  }
}

export interface LaunchInit {
  readonly host: BackendHost
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** @throws as `BackendHost.launch`; ServiceError DeadlineExceeded */
export async function launchEngine ({ name, line, stageName }: EngineLine, { host, caller, signal }: LaunchInit): Promise<EngineLink> {
  const { launchTimeoutMs: timeoutMs } = AGGREGATE_DEFAULTS

  using scope = new Deadline({
    clock: host.clock,
    timeoutMs,
    signal,
    onTimeout: () => new ServiceError('DeadlineExceeded', `${stageName} could not be launched within ${timeoutMs} ms`)
  })
  const launching = host.launch(line, { caller, signal: scope.signal })
  const object = await raceSignal(launching, scope.signal).catch((thrown: unknown) => {
    void closeLate(launching)
    throw thrown
  })

  return await attach(name, object.object, host.clock, scope.signal)
}

async function attach (name: string, object: Reference, clock: Clock, signal: AbortSignal): Promise<EngineLink> {
  const client = new Client(object, { clock })

  try {
    const { input, output } = await client.attach('', { signal })
    const nothing = async (): Promise<never> => { throw new ServiceError('NotImplemented', `${name} takes no requests`) }

    return new EngineLink(name, client, input?.target ?? reference(nothing, { clock }), output)
  } catch (thrown) {
    await client.close().catch(() => {}) // it has gone
    throw thrown
  }
}

/** What comes of it after all is nobody's. */
async function closeLate (launching: Promise<Stage>): Promise<void> {
  try {
    await (await launching).object.close()
  } catch {
    // nothing came of it
  }
}
