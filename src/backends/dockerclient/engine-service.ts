import { Server, ServiceError, VERBS } from '../../service/index.ts'
import { MAX_API_VERSION } from './api-version.ts'
import { containerService } from './container-service.ts'
import { progressError } from './engine-error.ts'
import { execService } from './exec-service.ts'
import { flagOf } from './flag-of.ts'
import { answerAck, answerJson, answerObject, asMessages, assertAnswerWanted, invalidWord } from './replies.ts'
import { segment, segments } from './request-text.ts'
import type { EngineStream } from './engine-stream.ts'
import type { Engine } from './engine.ts'
import type { Call, Message } from '../../service/index.ts'

/** Paths of the API that `get` takes as they are. */
const PLAIN_PATHS = ['version', 'info', 'system/df', 'images/json', 'networks', 'volumes']
const EXEC_PREFIX = 'exec/'

interface Listed {
  readonly Id: string
  readonly Names?: readonly string[] | null
}

/** An engine as an object: docs/docker.md, "The engine". */
export function engineService (engine: Engine): Server {
  return new Server('dockerclient')
    .onVerb(VERBS.get, async (call) => answerJson(call, await get(engine, call)))
    .onLs(async ([query], { signal }) => {
      const list = JSON.parse(await engine.json({ method: 'GET', path: '/containers/json', query, signal })) as readonly Listed[]

      return list.map(nameOf)
    })
    .onVerb(VERBS.spawn, async (call) => createContainer(engine, call))
    .onVerb(VERBS.attach, async (call) => attach(engine, call))
    .onWatch(async (args, call) => watch(engine, args, call))
    .onVerb(VERBS.set, async (call) => removeImage(engine, call))
    // chatter of the stages before: it is for who runs the pipeline
    .onVerb(VERBS.log, async (call) => answerAck(call))
    .onVerb(VERBS.error, async (call) => answerAck(call))
}

async function get (engine: Engine, { args: [what = '', query], signal }: Call): Promise<string> {
  const json = await engine.json({ method: 'GET', path: pathOf(what), query, signal })

  return what === 'version' ? withOwnVersion(json, await engine.version(signal)) : json
}

/** @throws ServiceError InvalidArgument */
function pathOf (what: string): string {
  if (PLAIN_PATHS.includes(what)) {
    return `/${what}`
  }

  const [, image, part = ''] = /^images\/(.+)\/(json|history)$/.exec(what) ?? []
  const [, kind = '', name] = /^(networks|volumes)\/(.+)$/.exec(what) ?? []

  if (image != null) {
    return `/images/${segments(image)}/${part}`
  }

  if (name != null) {
    return `/${kind}/${segment(name)}`
  }

  throw invalidWord('what to get', [...PLAIN_PATHS, 'images/NAME/json', 'images/NAME/history', 'networks/ID', 'volumes/NAME'], what)
}

/** Who asks the engine through us can speak no later version than we do. */
function withOwnVersion (json: string, version: string): string {
  return version === MAX_API_VERSION ? json.replace(/"ApiVersion":\s*"[\d.]+"/g, `"ApiVersion":"${version}"`) : json
}

/** Its own name has one slash; those with two are names that links to it once had. */
function nameOf ({ Id, Names }: Listed): string {
  return Names?.find((name) => /^\/[^/]+$/.test(name))?.slice(1) ?? Id
}

async function createContainer (engine: Engine, call: Call): Promise<void> {
  const { args: [body = '{}', query], signal } = call

  assertAnswerWanted(call)

  const said = await engine.json({ method: 'POST', path: '/containers/create', query, body, signal })
  const { Id } = JSON.parse(said) as { Id: string }

  await answerObject(call, containerService(engine, { id: Id, hasTerminal: flagOf(JSON.parse(body), 'Tty') }), [said])
}

async function attach (engine: Engine, call: Call): Promise<void> {
  const { args: [name = ''], signal } = call

  assertAnswerWanted(call)

  if (name.startsWith(EXEC_PREFIX)) {
    const path = `/exec/${segment(name.slice(EXEC_PREFIX.length))}`
    const { ID } = JSON.parse(await engine.json({ method: 'GET', path: `${path}/json`, signal })) as { ID: string }

    await answerObject(call, execService(engine, ID))

    return
  }

  const path = `/containers/${segment(name)}/json`
  const { Id, Config } = JSON.parse(await engine.json({ method: 'GET', path, signal })) as { Id: string, Config?: { Tty?: boolean } }

  await answerObject(call, containerService(engine, { id: Id, hasTerminal: Config?.Tty ?? false }))
}

async function watch (engine: Engine, [what, query]: readonly string[], { signal, meta }: Call): Promise<AsyncIterable<Message>> {
  switch (what) {
    case 'events': {
      return asMessages(await engine.open({ method: 'GET', path: '/events', query, signal }))
    }
    case 'pull': {
      return asProgress(await engine.open({ method: 'POST', path: '/images/create', query, headers: credentials(meta['registry-auth']), signal }))
    }
    default: {
      throw invalidWord('what to watch', ['events', 'pull'], what)
    }
  }
}

/** Base64, as it came: nobody reads it here, and no log shows it. */
function credentials (auth: string | undefined): Record<string, string> {
  if (auth != null && !/^[\w+/=-]*$/.test(auth)) {
    throw new ServiceError('InvalidArgument', 'wanted registry-auth to be base64, received something else')
  }

  return auth == null ? {} : { 'X-Registry-Auth': auth }
}

/** Steps of a pull, which tells in the midst of them that it has failed. */
async function * asProgress (stream: EngineStream): AsyncGenerator<Message, void> {
  for await (const message of asMessages(stream)) {
    const error = progressError(message.args[0] ?? '{}')

    if (error != null) {
      throw error
    }

    yield message
  }
}

async function removeImage (engine: Engine, call: Call): Promise<void> {
  const { args: [what, name = '', query], signal } = call

  if (what !== 'remove-image') {
    throw invalidWord('what to set', ['remove-image'], what)
  }

  await answerAck(call, await engine.json({ method: 'DELETE', path: `/images/${segments(name)}`, query, signal }))
}
