import { VERBS } from '../../service/index.ts'
import { discard } from './ask.ts'
import { splitName } from './names.ts'
import { askEach, succeeded } from './outcomes.ts'
import type { Engine } from './engine.ts'
import type { Call } from '../../service/index.ts'

/** Images that are remembered with the engine at which they were missing. */
export const MAX_REMEMBERED_IMAGES = 64

/** Longer ones are no names of images, and are not remembered: whoever asks chooses them. In characters. */
const MAX_IMAGE_NAME = 1024

/** What the arguments of `spawn` say of where: of the engine API, the name in the query and the image in the body. */
export interface SpawnWish {
  /** `web`, or `berlin/web`. */
  readonly name: string | undefined
  readonly image: string | undefined
  /** The same arguments with another name. */
  rename(name: string): string[]
}

/** `spawn` of the engine API takes a body as JSON and a query; others take a name first, if at all. */
export function readWish (args: readonly string[]): SpawnWish {
  const [body = '', query = '', ...rest] = args

  if (!body.trimStart().startsWith('{')) {
    return { name: body === '' ? undefined : body, image: undefined, rename: (name) => [name, ...args.slice(1)] }
  }

  const parameters = new URLSearchParams(query)

  return {
    name: parameters.get('name') ?? undefined,
    image: imageOf(body),
    rename (name) {
      parameters.set('name', name)

      return [body, parameters.toString(), ...rest]
    }
  }
}

function imageOf (body: string): string | undefined {
  try {
    const { Image: image } = JSON.parse(body) as { Image?: unknown }

    return typeof image === 'string' && image !== '' ? image : undefined
  } catch {
    return undefined // the engine says what is wrong with it
  }
}

/** Where objects are made. */
export class Placement {
  readonly #engines: ReadonlyMap<string, Engine>
  /** So that an image that is missing is pulled to where it was missing. */
  readonly #missing = new Map<string, Engine>()

  constructor (engines: ReadonlyMap<string, Engine>) {
    this.#engines = engines
  }

  /**
   * The engine for a new object, and its arguments there: the one that the name says, `ENGINE/NAME`; the one that has the
   * name already, and will say so; one that has the image; among several, the one where least runs.
   *
   * Undefined when no engine can be asked.
   */
  async choose (call: Call): Promise<{ engine: Engine, args: readonly string[] } | undefined> {
    const wish = readWish(call.args)
    const split = splitName(wish.name ?? '', new Set(this.#engines.keys()))
    const named = split == null ? undefined : this.#engines.get(split.engine)

    if (named != null && split != null) {
      this.#remember(wish.image, named)

      return { engine: named, args: wish.rename(split.name) }
    }

    const engine = await this.#holderOf(wish, call) ?? await this.#withImage(wish.image, call) ?? await this.leastBusy(this.#up(), call)

    if (engine == null) {
      return undefined
    }

    this.#remember(wish.image, engine)

    return { engine, args: call.args }
  }

  /** Where an image is to be pulled to. Undefined when no engine can be asked. */
  async choosePull (query: string, call: Call): Promise<Engine | undefined> {
    const parameters = new URLSearchParams(query)
    const [image, tag] = [parameters.get('fromImage') ?? '', parameters.get('tag') ?? '']
    const wanted = this.#missing.get(imageKey(tag === '' ? image : `${image}${tag.includes(':') ? '@' : ':'}${tag}`))

    return wanted?.isUp === true ? wanted : this.leastBusy(this.#up(), call)
  }

  /** Of several the one where least runs; the first of those that are equal. */
  async leastBusy (engines: readonly Engine[], call: Call): Promise<Engine | undefined> {
    if (engines.length < 2) {
      return engines[0]
    }

    const loads = await Promise.all(engines.map(async (engine) => ({ engine, load: await loadOf(engine, call) })))

    call.signal.throwIfAborted()

    return loads.filter(({ engine }) => engine.isUp).reduce<typeof loads[number] | undefined>((least, one) => {
      return least == null || one.load + one.engine.pending < least.load + least.engine.pending ? one : least
    }, undefined)?.engine
  }

  #up (): Engine[] {
    return [...this.#engines.values()].filter((engine) => engine.isUp)
  }

  /** Whoever has that name says so better than we could. */
  async #holderOf ({ name }: SpawnWish, call: Call): Promise<Engine | undefined> {
    return name == null ? undefined : this.#knowing(call, VERBS.attach, [name])
  }

  async #withImage (image: string | undefined, call: Call): Promise<Engine | undefined> {
    return image == null ? undefined : this.#knowing(call, VERBS.get, [`images/${image}/json`, ''])
  }

  async #knowing (call: Call, verb: typeof VERBS.attach | typeof VERBS.get, args: readonly string[]): Promise<Engine | undefined> {
    const found = succeeded(await Promise.all(askEach(this.#up(), call, { verb, args })))

    found.forEach(({ value }) => { discard(value) })

    return this.leastBusy(found.map(({ engine }) => engine), call)
  }

  #remember (image: string | undefined, engine: Engine): void {
    if (image == null || image.length > MAX_IMAGE_NAME) {
      return
    }

    const key = imageKey(image)

    this.#missing.delete(key)
    this.#missing.set(key, engine)

    if (this.#missing.size > MAX_REMEMBERED_IMAGES) {
      this.#missing.delete(this.#missing.keys().next().value ?? key)
    }
  }
}

/** The same for `busybox`, `busybox:latest` and `docker.io/library/busybox`. */
function imageKey (image: string): string {
  const short = image.replace(/^(docker\.io\/)?(library\/)?/, '')

  return /[@:][^/]*$/.test(short) ? short : `${short}:latest`
}

/** Containers that run there, or children that there are. */
async function loadOf (engine: Engine, call: Call): Promise<number> {
  const info = await answerOf(engine, call, VERBS.get, ['info', ''])
  const running = info == null ? undefined : runningIn(info[0])

  if (running != null) {
    return running
  }

  return (await answerOf(engine, call, VERBS.ls, []))?.length ?? 0
}

async function answerOf (engine: Engine, call: Call, verb: typeof VERBS.ls | typeof VERBS.get, args: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    const answer = await engine.ask(call, { verb, args })

    discard(answer)

    return answer.message.args
  } catch {
    return undefined
  }
}

function runningIn (json: string | undefined): number | undefined {
  try {
    const { ContainersRunning: running } = JSON.parse(json ?? 'null') as { ContainersRunning?: unknown }

    return typeof running === 'number' ? running : undefined
  } catch {
    return undefined
  }
}
