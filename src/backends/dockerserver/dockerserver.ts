import { raceSignal } from '../../base/index.ts'
import { byteStreamPair } from '../../channel/index.ts'
import { defineBackend, serve, Server, ServiceError, task, VERBS } from '../../service/index.ts'
import { Chatter } from '../chatter.ts'
import { dockerUrl } from '../docker-url.ts'
import { untilUnheard } from '../until-unheard.ts'
import { HttpListener } from './http-listener.ts'
import { Remote } from './remote.ts'
import { requestHandler } from './request-handler.ts'
import { isLoopback, parseServerOptions, USAGE } from './server-options.ts'
import type { ExchangeInit } from './exchange.ts'
import type { ServerOptions } from './server-options.ts'
import type { Clock } from '../../base/index.ts'
import type { Caller, ExitStatus, Service, TaskContext } from '../../service/index.ts'

/** The Docker Engine API over HTTP, answered by whatever is at the right. docs/docker.md. */
export const dockerserverBackend = defineBackend({
  name: 'dockerserver',
  summary: 'serves the Docker Engine API, and asks the stage at its right',
  usage: USAGE,
  description: [
    'Listens for the docker CLI and other clients of the Docker Engine API, tcp://127.0.0.1:4243 unless a URL says otherwise: tcp://HOST:PORT, or unix:///PATH for a socket that its owner and its group may use. What they ask is sent to the right as verbs; `dockerclient` there answers for an engine, `aggregate` for several.',
    'Whoever reaches the address controls the engine, and with it the machine that it runs on. Listen on the loopback interface or a unix socket, or have --tlsverify ask clients for certificates.',
    'It does not build, push, tag, load or save images, and knows no swarm and no plugins.'
  ],
  options: {
    '--tls': 'speak TLS, with --tlscert and --tlskey',
    '--tlsverify': 'speak TLS, only with clients whose certificate --tlscacert has signed',
    '--tlscacert FILE': 'the authority of the clients\' certificates, as PEM',
    '--tlscert FILE': 'the certificate of this server, as PEM',
    '--tlskey FILE': 'the key of the certificate, as PEM'
  },
  examples: [
    'swarmd dockerserver dockerclient',
    'swarmd "dockerserver unix:///run/many.sock" "aggregate \'a=dockerclient tcp://one:2375\' \'b=dockerclient tcp://two:2375\'"'
  ],
  isPrivileged: true,
  spawn: (args, { call, host }) => dockerServer(parseServerOptions(args), { caller: call.caller, clock: host.clock })
})

interface DockerServerInit {
  /** Who spawned it. */
  readonly caller: Caller
  readonly clock: Clock
}

/** A task whose `start` is not acknowledged before it listens. */
function dockerServer (options: ServerOptions, { caller, clock }: DockerServerInit): Service {
  const listening = Promise.withResolvers<void>()
  const server = task(async (context) => {
    try {
      return await run(context, options, caller, listening.resolve)
    } catch (thrown) {
      listening.reject(thrown)
      throw thrown
    }
  }, { name: 'dockerserver', clock })

  listening.promise.catch(() => {}) // the task itself tells of it as well

  return {
    async handle (call) {
      if (call.verb !== VERBS.start) {
        return server.handle(call)
      }

      server.start()
      await listening.promise
      await call.ack()
      await call.end()
    },
    close: async () => server.close()
  }
}

async function run (context: TaskContext, options: ServerOptions, caller: Caller, onListening: () => void): Promise<ExitStatus> {
  const { log, end } = says(context)

  try {
    const listener = await open(context, options, caller, log)

    onListening()

    return await untilUnheard(context, async (signal) => {
      try {
        await raceSignal(listener.closed.then(failure), signal)
      } finally {
        await listener.close()
      }
    })
  } finally {
    end()
  }
}

/** @throws as `HttpListener.open` */
async function open ({ input, output, clock }: TaskContext, options: ServerOptions, caller: Caller, log: ExchangeInit['log']): Promise<HttpListener> {
  const { address, tls } = options
  const isGuarded = address.kind === 'unix' || tls?.ca != null
  const listener = await HttpListener.open(options, requestHandler({
    engine: new Remote(output, caller),
    ownHost: !isGuarded && isLoopback(address.host) ? address.host : undefined,
    clock,
    log
  }))
  const url = dockerUrl(listener.address)

  void serve(new Server('dockerserver').onGet(() => ({ address: url })), input, { clock })
  log(`listening on ${url}`)

  if (!isGuarded && !isLoopback(address.host)) {
    log(`whoever reaches ${url} controls the engine: this address is not of the loopback interface, and asks for no certificates`, 'warn')
  }

  return listener
}

function failure (cause: Error | undefined): never {
  throw new ServiceError('Unavailable', 'dockerserver listens no more', { cause })
}

interface Says {
  log: ExchangeInit['log']
  /** Nothing more will be said. */
  end (): void
}

/** Lines for standard error: the stage at the right answers requests, and is no reader. */
function says ({ output, signal }: TaskContext): Says {
  const [near, far] = byteStreamPair()
  const chatter = new Chatter(async (line) => near.write(`${line}\n`))

  output.send({ verb: VERBS.file, args: ['stderr'], att: far }, { signal }).catch(() => { near.reset('nobody listens') })

  return {
    log: (text, level = 'info') => { chatter.say(level === 'info' ? text : `${level}: ${text}`) },
    end: () => { near.end().catch(() => {}) } // nobody has listened
  }
}
