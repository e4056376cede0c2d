import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { goProgram } from '../go-program.ts'
import type { ChildProcess } from 'node:child_process'

const MODULE = 'github.com/nats-io/nats-server/v2'

export const natsServer = goProgram('nats-server', MODULE)
export const NATS_SERVER_VERSION = natsServer.version(MODULE)

export interface Broker {
  readonly address: string
  readonly pid: number
  close (): Promise<void>
}

/** With its defaults, on a port of its choice. */
export async function startBroker (): Promise<Broker> {
  const broker = spawn(natsServer.file, ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = (): void => { broker.kill() }

  process.once('exit', kill)

  return {
    address: await readAddress(broker),
    pid: broker.pid ?? 0,

    async close () {
      process.off('exit', kill)
      kill()
      await once(broker, 'exit')
    }
  }
}

/** It says on stderr where it listens, then what it does. */
async function readAddress ({ stderr }: ChildProcess): Promise<string> {
  if (stderr == null) {
    throw new Error('the broker has no stderr')
  }

  try {
    for await (const line of createInterface({ input: stderr })) {
      const [, address] = /Listening for client connections on (\S+)/.exec(line) ?? []

      if (address != null) {
        return address
      }
    }
  } finally {
    stderr.resume()
  }

  throw new Error('the broker ended before it listened')
}
