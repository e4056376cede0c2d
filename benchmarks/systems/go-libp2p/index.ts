import { goProgram } from '../go-program.ts'
import { LineProgram } from './line-program.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'

type Question = 'bulk' | 'messages' | 'requests' | 'streams' | 'connections'
type Answer = Done & { error?: string }

const program = goProgram('libp2p', '.')
const MODULES = ['github.com/libp2p/go-libp2p', 'github.com/libp2p/go-yamux/v5']

/** Says what to do; the program does it. */
class Client implements ClientEnd {
  readonly pids: readonly number[]
  readonly #program: LineProgram

  constructor (program: LineProgram) {
    this.#program = program
    this.pids = [program.pid]
  }

  bulk (amount: Amount, streams: number): Promise<Done> {
    return this.#ask('bulk', amount, streams)
  }

  messages (amount: Amount): Promise<Done> {
    return this.#ask('messages', amount, 1)
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return this.#ask('requests', amount, outstanding)
  }

  streams (amount: Amount, parallel: number): Promise<Done> {
    return this.#ask('streams', amount, parallel)
  }

  connections (amount: Amount, parallel: number): Promise<Done> {
    return this.#ask('connections', amount, parallel)
  }

  close (): Promise<void> {
    return this.#program.close()
  }

  async #ask (name: Question, amount: Amount, parallel: number): Promise<Done> {
    this.#program.write(JSON.stringify({ name, ...amount, parallel }))

    const { error, ...done } = JSON.parse(await this.#program.read()) as Answer

    if (error != null) {
      throw new Error(error)
    }

    return done
  }
}

function system (name: string, security: 'noise' | 'tls'): System {
  const versions = MODULES.map((module) => `${module} ${program.version(module)}`).join(', ')

  return {
    name,
    about: `both ends in Go: libp2p.New() with TCP, ${security} and yamux, no limits; identify as always (${versions})`,
    packages: [],
    missing: () => program.missing(),

    async serve () {
      const server = new LineProgram(program.file, ['serve', security])

      return { address: await server.read(), pids: [server.pid], close: () => server.close() }
    },

    async connect (address) {
      const client = new LineProgram(program.file, ['connect', security, address])

      await client.read() // it is connected

      return new Client(client)
    }
  }
}

export const noise = system('go-libp2p', 'noise')
export const tls = system('go-libp2p TLS', 'tls')
