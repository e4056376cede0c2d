import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { ServiceError } from '../../service/index.ts'
import { createOutputPipes } from './pipes.ts'
import type { Command } from './exec-args.ts'
import type { ExitStatus } from '../../service/index.ts'
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** What was ended by a signal has this and its number, as in shells. */
const SIGNALLED = 128

/** The streams of a process, as this process has them. */
interface Streams {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

/** Groups that this process still has to end. */
const live = new Set<ProcessGroup>()

/** They would outlive this process, as they are of sessions of their own. */
function killAll (): void {
  for (const group of live) {
    group.end()
  }
}

/**
 * A child process, and all that it starts unless that leaves the group: signals go to all of them. Disposing of it
 * kills who is left, as does the exit of this process.
 */
export class ProcessGroup {
  readonly streams: Streams
  /** Resolves when the child itself has exited; others of the group may go on. */
  readonly exited: Promise<ExitStatus>
  readonly #pid: number
  /** Whether nobody is left: from then on the number may be that of somebody else. */
  #isEmpty = false

  constructor (child: ChildProcess, streams: Streams) {
    this.streams = streams
    this.#pid = child.pid ?? 0
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#probe()
        resolve(toExitStatus(code, signal))
      })
    })
    child.on('error', () => {}) // it runs: what goes wrong is told by its exit

    if (live.size === 0) {
      process.on('exit', killAll)
    }

    live.add(this)
  }

  get pid (): number {
    return this.#pid
  }

  /**
   * Sends a signal to all of the group. Whether there was anybody.
   *
   * @throws ServiceError PermissionDenied when they run as somebody else now
   */
  kill (signal: NodeJS.Signals | 0): boolean {
    if (this.#isEmpty) {
      return false
    }

    try {
      return process.kill(-this.#pid, signal)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ESRCH') {
        return false
      }

      throw new ServiceError('PermissionDenied', `process ${this.#pid} takes no ${signal === 0 ? 'signals' : signal} of this process: it runs as somebody else`, { cause })
    }
  }

  /** Kills who is left. */
  end (): void {
    this.#tryKill('SIGKILL')
    live.delete(this)

    if (live.size === 0) {
      process.off('exit', killAll)
    }
  }

  /** Who runs as somebody else cannot be ended from here. */
  #tryKill (signal: NodeJS.Signals): void {
    try {
      this.kill(signal)
    } catch {
      // the system has its reasons
    }
  }

  #probe (): void {
    try {
      this.#isEmpty = !this.kill(0)
    } catch {
      // somebody is there
    }
  }
}

/**
 * Starts a command. Where there is no `mkfifo`, its output goes to the sockets that Node gives to children.
 *
 * @throws what the system says, as errors of Node
 */
export async function startProcess (command: Command, env: NodeJS.ProcessEnv): Promise<ProcessGroup> {
  const pipes = await createOutputPipes().catch(() => undefined)

  try {
    const { stdin, stdout, stderr, child } = await startChild(command, env, pipes?.theirs ?? ['pipe', 'pipe'])

    return new ProcessGroup(child, { stdin, ...pipes?.open() ?? { stdout, stderr } })
  } catch (thrown) {
    pipes?.closeOurs()
    throw thrown
  } finally {
    pipes?.closeTheirs()
  }
}

async function startChild ({ file, args, cwd }: Command, env: NodeJS.ProcessEnv, output: readonly [number | 'pipe', number | 'pipe']): Promise<Streams & { child: ChildProcess }> {
  // detached: a session of its own, so that signals reach all of it, and the terminal's reach nobody there
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', ...output] })

  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })

  // those that it does not have are those that somebody else gave it
  const { stdin, stdout, stderr } = child as ChildProcessWithoutNullStreams

  return { child, stdin, stdout, stderr }
}

function toExitStatus (code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  return signal == null ? { code: code ?? SIGNALLED } : { code: SIGNALLED + constants.signals[signal], signal }
}

/** @throws ServiceError InvalidArgument for what is no name of a signal */
export function toSignal (name: string | undefined): NodeJS.Signals {
  const found = Object.keys(constants.signals).find((each) => each === name || each === `SIG${name}`)

  if (found == null) {
    throw new ServiceError('InvalidArgument', `wanted the name of a signal, as SIGHUP, received ${name ?? 'nothing'}`)
  }

  return found as NodeJS.Signals
}
