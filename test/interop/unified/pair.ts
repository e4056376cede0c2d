import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Program } from './programs.ts'
import type { Env, Stack } from './settings.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Of a program. Both ends give up by themselves, well before the test does. */
const TIMEOUT_SECS = '30'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs with these variables and no others but the path. */
export class Run implements AsyncDisposable {
  /** Once it has ended. */
  readonly outcome: Promise<Outcome>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>

  constructor ({ command, args }: Program, env: Env) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } })
    this.outcome = this.#wait()
  }

  async #wait (): Promise<Outcome> {
    const exited = once(this.#child, 'exit') as Promise<[number | null]>
    const [[code], stdout, stderr] = await Promise.all([exited, text(this.#child.stdout), text(this.#child.stderr)])

    return { code, stdout, stderr }
  }

  /** As Docker ends a container: by SIGTERM. */
  async terminate (): Promise<Outcome> {
    this.#child.kill()

    return this.outcome
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.outcome
  }
}

/** The environment of one side, in the names of unified testing. */
export function environment (redis: string, testName: string, { transport, secureChannel, muxer }: Stack): Record<string, string> {
  return {
    REDIS_ADDR: redis,
    TEST_KEY: createHash('sha256').update(testName).digest('hex').slice(0, 8),
    TRANSPORT: transport,
    ...secureChannel == null ? {} : { SECURE_CHANNEL: secureChannel },
    ...muxer == null ? {} : { MUXER: muxer },
    LISTENER_IP: '127.0.0.1',
    DEBUG: 'false',
    TEST_TIMEOUT_SECS: TIMEOUT_SECS
  }
}

/** Runs both sides at once, until the dialer has ended. */
export async function runPair (dialer: Program, listener: Program, env: Env): Promise<{ dialer: Outcome, listener: Outcome }> {
  await using listening = new Run(listener, { ...env, IS_DIALER: 'false' })
  await using dialing = new Run(dialer, { ...env, IS_DIALER: 'true' })

  return { dialer: await dialing.outcome, listener: await listening.terminate() }
}

/** As unified testing names a test. */
export function testName (dialer: Program, listener: Program, { transport, secureChannel, muxer }: Stack): string {
  return `${dialer.name} x ${listener.name} (${[transport, secureChannel, muxer].filter((part) => part != null).join(', ')})`
}
