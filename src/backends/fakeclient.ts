import { parseArgs } from 'node:util'
import { pause, toError } from '../base/index.ts'
import { defineBackend, notImplemented, serve, ServiceError, task, VERBS } from '../service/index.ts'
import { untilUnheard } from './until-unheard.ts'
import type { ExitStatus, TaskContext } from '../service/index.ts'

export const FAKECLIENT_DEFAULTS = Object.freeze({ intervalMs: 1000 })

interface Heartbeats {
  readonly intervalMs: number
  /** `Infinity` goes on until it is stopped. */
  readonly count: number
}

/** A client that does nothing but live. */
export const fakeclientBackend = defineBackend({
  name: 'fakeclient',
  summary: 'logs a heartbeat every second, to try pipelines with',
  usage: '[--interval MS] [--count N]',
  description: ['It logs that it has started, then heartbeats with their numbers. It ends after the last heartbeat that was asked for, when it is stopped, or when nobody listens any more. It takes no input.'],
  options: {
    '--interval MS': 'milliseconds from one heartbeat to the next; 1000 unless given',
    '--count N': 'end after so many; without an end unless given'
  },
  examples: ["swarmd 'fakeclient --count 3' log"],
  spawn (args, { host }) {
    const heartbeats = parseHeartbeats(args)

    return task(async (context) => beat(context, heartbeats), { name: 'fakeclient', clock: host.clock })
  }
})

/** @throws ServiceError InvalidArgument */
function parseHeartbeats (args: readonly string[]): Heartbeats {
  try {
    const { values } = parseArgs({ args: [...args], options: { interval: { type: 'string' }, count: { type: 'string' } } })

    return {
      intervalMs: toWhole('--interval', values.interval, 1) ?? FAKECLIENT_DEFAULTS.intervalMs,
      count: toWhole('--count', values.count, 0) ?? Infinity
    }
  } catch (thrown) {
    throw new ServiceError('InvalidArgument', `${toError(thrown).message}; usage: fakeclient ${fakeclientBackend.usage}`, { cause: thrown })
  }
}

function toWhole (option: string, text: string | undefined, min: number): number | undefined {
  if (text == null) {
    return undefined
  }

  if (!/^\d{1,15}$/.test(text) || Number(text) < min) {
    throw new RangeError(`wanted ${option} to be a whole number from ${min}, received ${text}`)
  }

  return Number(text)
}

async function beat (context: TaskContext, { intervalMs, count }: Heartbeats): Promise<ExitStatus> {
  const { input, output, clock } = context

  void serve(notImplemented('fakeclient'), input, { clock })

  // silent between heartbeats, it must learn by itself that nobody listens
  return untilUnheard(context, async (signal) => {
    const say = async (text: string): Promise<void> => output.send({ verb: VERBS.log, args: ['info', text] }, { signal })

    await say('fakeclient: started')

    for (let number = 1; number <= count; number++) {
      await pause(clock, intervalMs, signal)
      await say(`fakeclient: heartbeat ${number}`)
    }
  })
}
