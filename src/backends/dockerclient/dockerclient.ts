import { raceSignal, toError } from '../../base/index.ts'
import { defineBackend, serve, ServiceError, task } from '../../service/index.ts'
import { parseClientOptions, USAGE } from './client-options.ts'
import { engineService } from './engine-service.ts'
import { Engine } from './engine.ts'
import type { EngineAddress } from './client-options.ts'
import type { Clock } from '../../base/index.ts'
import type { ChannelEnd } from '../../channel/index.ts'
import type { Service } from '../../service/index.ts'

/** A Docker engine as an object. docs/docker.md. */
export const dockerclientBackend = defineBackend({
  name: 'dockerclient',
  summary: 'answers for a Docker engine, whose containers are its children',
  usage: USAGE,
  description: [
    'Asks the engine at the URL, $DOCKER_HOST or unix:///var/run/docker.sock: unix:///PATH, tcp://HOST:PORT. Port 2375 is meant where none is named, and 2376 with TLS. It is the last stage of a pipeline, behind `dockerserver` or anything else that speaks of containers.',
    'Whoever may speak to it controls the engine, and with it the machine that this runs on.',
    'With any of its options it speaks TLS, and wants the engine to prove who it is. Where no file is named, ca.pem, cert.pem and key.pem of $DOCKER_CERT_PATH or ~/.docker are taken if they are there; $DOCKER_TLS_VERIFY stands for --tlsverify.'
  ],
  options: {
    '--tls': 'speak TLS, with whoever answers',
    '--tlsverify': 'speak TLS, only with an engine whose certificate --tlscacert, or a well-known authority, has signed',
    '--tlscacert FILE': 'the authority of the engine\'s certificate, as PEM',
    '--tlscert FILE': 'our certificate, as PEM',
    '--tlskey FILE': 'the key of our certificate, as PEM'
  },
  examples: [
    'swarmd dockerserver dockerclient',
    "swarmd 'dockerserver unix:///run/far.sock' 'dockerclient @PEER'",
    "swarmd dockerserver 'dockerclient tcp://engine:2376 --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem'"
  ],
  isPrivileged: true,
  spawn: async (args, { host }) => dockerClient(await parseClientOptions(args, host.env), host.clock)
})

/** Once its input has ended, what was given out goes on for as long as somebody holds the stage; when that has gone, all ends. */
function dockerClient (address: EngineAddress, clock: Clock): Service {
  return task(async ({ input, signal }) => {
    const engine = new Engine(address, clock)

    signal.addEventListener('abort', () => {
      input.cancel(toError(signal.reason))
      engine.close(toError(signal.reason))
    }, { once: true })

    // who is stopped does not wait for callers that do not read what they watch
    assertWhole(await raceSignal(serve(engineService(engine), input, { clock }), signal))
    signal.throwIfAborted()
  }, { name: 'dockerclient', clock })
}

/** @throws ServiceError Unavailable */
function assertWhole (end: ChannelEnd): void {
  if (end.how === 'aborted' || end.how === 'lost') {
    const cause = end.how === 'lost' ? end.error : new Error(end.reason.message)

    throw new ServiceError('Unavailable', `what was to be asked of the engine was cut off: ${cause.message}`, { cause })
  }
}
