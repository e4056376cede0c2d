import { Server, ServiceError, VERBS } from '../../service/index.ts'
import { streamType } from '../docker-media.ts'
import { openConsole } from './console.ts'
import { flagOf } from './flag-of.ts'
import { answerAck, answerBytes, answerJson, assertAnswerWanted, invalidWord } from './replies.ts'
import { untilEnded } from './until-ended.ts'
import type { Engine } from './engine.ts'
import type { Call } from '../../service/index.ts'

/** A command within a container as an object: docs/docker.md, "An exec". */
export function execService (engine: Engine, id: string): Server {
  const path = `/exec/${id}`

  return new Server(`exec ${id.slice(0, 12)}`)
    .onVerb(VERBS.get, async (call) => answerJson(call, await engine.json({ method: 'GET', path: `${path}/json`, signal: call.signal })))
    .onVerb(VERBS.attach, async (call) => attach(engine, path, call))
    .onVerb(VERBS.start, async (call) => {
      const body = JSON.stringify({ ...parse(call.args[0]), Detach: true })

      await engine.ask({ method: 'POST', path: `${path}/start`, body, signal: call.signal })
      await answerAck(call)
    })
    .onVerb(VERBS.set, async (call) => {
      const { args: [what, query], signal } = call

      if (what !== 'size') {
        throw invalidWord('what to set of an exec', ['size'], what)
      }

      await engine.ask({ method: 'POST', path: `${path}/resize`, query, signal })
      await answerAck(call)
    })
}

async function attach (engine: Engine, path: string, call: Call): Promise<void> {
  const { args: [what = '', text], signal } = call
  const body = parse(text)

  assertAnswerWanted(call)

  if (what !== '') {
    throw invalidWord('what to attach to', ['nothing'], what)
  }

  if (flagOf(body, 'Detach')) {
    throw new ServiceError('InvalidArgument', 'wanted an exec to attach to, received Detach: start it instead')
  }

  const hasTerminal = flagOf(body, 'Tty')
  const socket = await engine.hijack({ method: 'POST', path: `${path}/start`, body: text ?? '{}', signal })
  const console = openConsole(socket, {
    clock: engine.clock,
    isFramed: !hasTerminal,
    hasEnded: async (times) => untilEnded(engine, `${path}/json`, times)
  })

  await answerBytes(call, VERBS.ack, console, [streamType(hasTerminal)])
}

/** @throws ServiceError InvalidArgument */
function parse (text = '{}'): object {
  try {
    return Object(JSON.parse(text)) as object
  } catch (cause) {
    throw new ServiceError('InvalidArgument', 'wanted the body of exec start as JSON, received something else', { cause })
  }
}
