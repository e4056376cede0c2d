import { isDown } from './down.ts'
import { MergedStream } from './merge-streams.ts'
import { askEach, failure, succeeded } from './outcomes.ts'
import type { Engine } from './engine.ts'
import type { Receiver } from '../../channel/index.ts'
import type { Call, Message } from '../../service/index.ts'

/** Those who watch: an engine that answers again is heard again. */
export class Watches {
  readonly #open = new Map<MergedStream, Call>()

  /** What happens at all engines, as one. @throws ServiceError when none can be watched */
  async open (engines: readonly Engine[], call: Call): Promise<Receiver<Message>> {
    const outcomes = await Promise.all(askEach(engines, call))
    const stream = new MergedStream()
    const found = succeeded(outcomes)

    if (found.length === 0) {
      throw failure(call.verb, outcomes)
    }

    for (const { engine, value } of found) {
      stream.add(engine.name, value.rest)
    }

    this.#open.set(stream, call)
    void stream.output.closed.then(() => { this.#open.delete(stream) })

    // who came back while others were asked
    for (const { engine, error } of outcomes) {
      if (error != null && isDown(error) && engine.isUp) {
        void this.rejoin(engine)
      }
    }

    return stream.output
  }

  /** Watches an engine that was down, for all who watch. */
  async rejoin (engine: Engine): Promise<void> {
    await Promise.all([...this.#open].map(async ([stream, call]) => {
      if (stream.hasEnded || stream.has(engine.name)) {
        return
      }

      try {
        const { rest } = await engine.ask(call, { isLate: true })

        if (stream.has(engine.name)) {
          rest.cancel()
        } else {
          stream.add(engine.name, rest)
        }
      } catch {
        // it says so when it is down again
      }
    }))
  }
}
