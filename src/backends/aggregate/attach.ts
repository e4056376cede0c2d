import { ServiceError, VERBS } from '../../service/index.ts'
import { discard } from './ask.ts'
import { splitName } from './names.ts'
import { askEach, failure, isBland, succeeded } from './outcomes.ts'
import type { Answer } from './ask.ts'
import type { Engine } from './engine.ts'
import type { Outcome } from './outcomes.ts'
import type { Attached, Call } from '../../service/index.ts'

/**
 * The answer of the one engine that has a child of that name: `ENGINE/NAME`, or a name or ID that all are asked for. The
 * name of an engine, if no child is called that, stands for the engine alone.
 *
 * @throws ServiceError Ambiguous naming those that there are; NotFound; Unavailable; what the engine answers
 */
export async function attachChild (engines: ReadonlyMap<string, Engine>, call: Call): Promise<Attached> {
  const [name = '', ...rest] = call.args
  const split = splitName(name, new Set(engines.keys()))
  const engine = engines.get(split?.engine ?? '')

  if (engine != null && split != null) {
    return attachAt(engine, [split.name, ...rest], engines, call)
  }

  return attachAnywhere(engines, call)
}

/** A child of the engine that the name begins with; or else one whose name has a slash of its own. */
async function attachAt (engine: Engine, args: readonly string[], engines: ReadonlyMap<string, Engine>, call: Call): Promise<Attached> {
  const [outcome] = await Promise.all(askEach([engine], call, { args })) as [Outcome<Answer>]

  if (outcome.error == null) {
    return toAttached(outcome.value)
  }

  const error = failure(VERBS.attach, [outcome])

  if (!isBland(error)) {
    throw error
  }

  try {
    return await attachAnywhere(engines, call)
  } catch (elsewhere) {
    throw isBland(elsewhere) ? error : elsewhere
  }
}

async function attachAnywhere (engines: ReadonlyMap<string, Engine>, call: Call): Promise<Attached> {
  const [name = ''] = call.args
  const outcomes = await Promise.all(askEach([...engines.values()], call))
  const [found, ...others] = succeeded(outcomes)

  if (found == null) {
    return attachEngine(engines.get(name), outcomes, call)
  }

  if (others.length === 0 && !call.signal.aborted) {
    return toAttached(found.value)
  }

  for (const { value } of [found, ...others]) {
    discard(value)
  }

  call.signal.throwIfAborted()
  throw new ServiceError('Ambiguous', `there are several ${name}: say ${[found, ...others].map(({ engine }) => `${engine.name}/${name}`).join(' or ')}`)
}

async function attachEngine (engine: Engine | undefined, outcomes: ReadonlyArray<Outcome<Answer>>, call: Call): Promise<Attached> {
  if (engine == null || call.args.length > 1) {
    throw failure(VERBS.attach, outcomes)
  }

  return { input: engine.reference() }
}

function toAttached ({ message: { ret, att, args }, rest }: Answer): Attached {
  return { input: ret, output: rest, att, args }
}
