import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { freePort } from '../../support/free-port.ts'
import type { ChildProcess } from 'node:child_process'

const READY = 'Ready to accept connections'

/** Why there is no Redis here; undefined where there is one. */
export function redisMissing (): string | undefined {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'Redis is not installed (apt-get install redis-server)'
}

/** A Redis of its own, which keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  /** Host and port. */
  readonly address: string
  readonly #child: ChildProcess

  private constructor (address: string, child: ChildProcess) {
    this.address = address
    this.#child = child
  }

  static async start (): Promise<RedisServer> {
    const port = await freePort()
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said: string[] = []

    for await (const line of createInterface(child.stdout)) {
      said.push(line)

      if (line.includes(READY)) {
        child.stdout.resume() // or its log would fill the pipe

        return new RedisServer(`127.0.0.1:${port}`, child)
      }
    }

    throw new Error(`Redis ended before it was ready: ${said.join('\n')}`)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const exited = once(this.#child, 'exit')

    this.#child.kill()
    await exited
  }
}
