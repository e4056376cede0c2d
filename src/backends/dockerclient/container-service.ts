import { Server, ServiceError, VERBS } from '../../service/index.ts'
import { streamType } from '../docker-media.ts'
import { toByteStream } from './body-bytes.ts'
import { openConsole } from './console.ts'
import { execService } from './exec-service.ts'
import { answerAck, answerBytes, answerJson, answerObject, asMessages, assertAnswerWanted, invalidWord } from './replies.ts'
import { untilEnded } from './until-ended.ts'
import type { Engine } from './engine.ts'
import type { EngineRequest } from './request-text.ts'
import type { Call, Message } from '../../service/index.ts'

export interface Container {
  readonly id: string
  /** Whether its console is bytes of a terminal, and no frames. */
  readonly hasTerminal: boolean
}

const DETAILS = ['top', 'changes', 'stats']
const ENDINGS = ['stop', 'restart', 'kill']
const PATH_STAT = 'x-docker-container-path-stat'
const NOT_MODIFIED = 304
/** For who says nothing about it: engines take that for none. */
const ALL_LOGS = 'stdout=1&stderr=1'
const ALL_STREAMS = 'stream=1&stdin=1&stdout=1&stderr=1'

/** A container as an object: docs/docker.md, "A container". It is known by its ID, whatever it is called later. */
export function containerService (engine: Engine, container: Container): Server {
  const path = `/containers/${container.id}`

  return new Server(`container ${container.id.slice(0, 12)}`)
    .onVerb(VERBS.get, async (call) => answerJson(call, await get(engine, container, call)))
    .onVerb(VERBS.start, async (call) => change(engine, call, { method: 'POST', path: `${path}/start` }))
    .onVerb(VERBS.stop, async (call) => {
      const { args: [how = 'stop', query] } = call

      if (!ENDINGS.includes(how)) {
        throw invalidWord('how to stop', ENDINGS, how)
      }

      await change(engine, call, { method: 'POST', path: `${path}/${how}`, query })
    })
    .onVerb(VERBS.set, async (call) => change(engine, call, settingOf(path, call.args)))
    .onVerb(VERBS.attach, async (call) => attach(engine, container, call))
    .onWatch(async (args, call) => watch(engine, path, args, call))
    .onVerb(VERBS.spawn, async (call) => createExec(engine, path, call))
    .onVerb(VERBS.file, async (call) => copyFile(engine, path, call))
}

async function get (engine: Engine, { id }: Container, { args: [what = '', query = ''], signal }: Call): Promise<string> {
  if (what === 'summary') {
    return summaryOf(engine, id, query, signal)
  }

  if (what === '') {
    return engine.json({ method: 'GET', path: `/containers/${id}/json`, query, signal })
  }

  if (!DETAILS.includes(what)) {
    throw invalidWord('what to get of a container', ['nothing', 'summary', ...DETAILS], what)
  }

  // without being told, engines go on and on
  const once = what === 'stats' ? oneShot(query) : query

  return engine.json({ method: 'GET', path: `/containers/${id}/${what}`, query: once, signal })
}

function oneShot (query: string): string {
  const parameters = new URLSearchParams(query)

  parameters.set('stream', 'false')

  return parameters.toString()
}

async function summaryOf (engine: Engine, id: string, query: string, signal: AbortSignal): Promise<string> {
  const filters = encodeURIComponent(JSON.stringify({ id: [id] }))
  const json = await engine.json({ method: 'GET', path: '/containers/json', query: `all=1&filters=${filters}${query === '' ? '' : `&${query}`}`, signal })
  const { length } = JSON.parse(json) as readonly unknown[]

  if (length !== 1) {
    throw new ServiceError('NotFound', `No such container: ${id}`, { data: { status: 404 } })
  }

  // the only entry of the list, as the text that it came as
  return json.trim().slice(1, -1)
}

type Change = Pick<EngineRequest, 'method' | 'path' | 'query'>

async function change (engine: Engine, call: Call, request: Change): Promise<void> {
  const { status } = await engine.ask({ ...request, signal: call.signal })

  await answerAck(call, ...status === NOT_MODIFIED ? ['unchanged'] : [])
}

/** @throws ServiceError InvalidArgument */
function settingOf (path: string, [what, value = '']: readonly string[]): Change {
  switch (what) {
    case 'name': {
      return { method: 'POST', path: `${path}/rename`, query: `name=${encodeURIComponent(value)}` }
    }
    case 'size': {
      return { method: 'POST', path: `${path}/resize`, query: value }
    }
    case 'paused': {
      if (value !== 'true' && value !== 'false') {
        throw invalidWord('paused', ['true', 'false'], value)
      }

      return { method: 'POST', path: `${path}/${value === 'true' ? 'pause' : 'unpause'}` }
    }
    case 'removed': {
      return { method: 'DELETE', path, query: value }
    }
    default: {
      throw invalidWord('what to set of a container', ['name', 'size', 'paused', 'removed'], what)
    }
  }
}

async function attach (engine: Engine, { id, hasTerminal }: Container, call: Call): Promise<void> {
  const { args: [what = '', query], signal } = call
  const path = `/containers/${id}`

  assertAnswerWanted(call)

  if (what === 'logs') {
    const logs = await engine.open({ method: 'GET', path: `${path}/logs`, query: query ?? ALL_LOGS, signal }, { outlivesCall: true })

    await answerBytes(call, VERBS.ack, await toByteStream(logs), [streamType(hasTerminal)])

    return
  }

  if (what !== '') {
    throw invalidWord('what to attach to', ['nothing', 'logs'], what)
  }

  const socket = await engine.hijack({ method: 'POST', path: `${path}/attach`, query: query ?? ALL_STREAMS, signal })
  const console = openConsole(socket, {
    clock: engine.clock,
    isFramed: !hasTerminal,
    hasEnded: async (times) => untilEnded(engine, `${path}/json`, times)
  })

  await answerBytes(call, VERBS.ack, console, [streamType(hasTerminal)])
}

async function watch (engine: Engine, path: string, [what, query]: readonly string[], { signal }: Call): Promise<AsyncIterable<Message>> {
  switch (what) {
    case 'exit': {
      return asMessages(await engine.open({ method: 'POST', path: `${path}/wait`, query, signal }))
    }
    case 'stats': {
      return asMessages(await engine.open({ method: 'GET', path: `${path}/stats`, query, signal }))
    }
    default: {
      throw invalidWord('what to watch of a container', ['exit', 'stats'], what)
    }
  }
}

async function createExec (engine: Engine, path: string, call: Call): Promise<void> {
  const { args: [body = '{}'], signal } = call

  assertAnswerWanted(call)

  const said = await engine.json({ method: 'POST', path: `${path}/exec`, body, signal })
  const { Id } = JSON.parse(said) as { Id: string }

  await answerObject(call, execService(engine, Id), [said])
}

async function copyFile (engine: Engine, path: string, call: Call): Promise<void> {
  const { args: [what, query], att, signal } = call
  const archive = `${path}/archive`

  switch (what) {
    case 'stat': {
      assertAnswerWanted(call)

      const { headers } = await engine.ask({ method: 'HEAD', path: archive, query, signal })

      await call.answer({ verb: VERBS.file, args: [statOf(headers)] })
      await call.end()
      break
    }
    case 'get': {
      assertAnswerWanted(call)

      const tar = await engine.open({ method: 'GET', path: archive, query, signal }, { outlivesCall: true })

      await answerBytes(call, VERBS.file, await toByteStream(tar), [statOf(tar.response.headers)])
      break
    }
    case 'put': {
      if (att == null) {
        throw new ServiceError('InvalidArgument', 'wanted a tar to put, received no bytes')
      }

      await engine.ask({ method: 'PUT', path: archive, query, body: att, signal })
      await answerAck(call)
      break
    }
    default: {
      throw invalidWord('what to do with a file', ['stat', 'get', 'put'], what)
    }
  }
}

function statOf (headers: Readonly<Record<string, string | string[] | undefined>>): string {
  return String(headers[PATH_STAT] ?? '')
}
