import { homedir } from 'node:os'
import process from 'node:process'
import { systemClock } from '../base/index.ts'
import { ReaderGone } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT } from './exit-codes.ts'
import { run } from './run.ts'
import { stopOnSignals } from './signals.ts'
import type { Context } from './command.ts'
import type { Sink } from './sink.ts'

/** Runs the command line of this process, and ends it. */
export async function runProcess (): Promise<void> {
  const controller = new AbortController()
  const [, , ...args] = process.argv

  stopOnSignals(process, systemClock, controller)

  const exitCode = await run(args, COMMANDS, createContext(controller))
  const { reason } = controller.signal

  // a command that was done before it could hear of it has not succeeded either
  if (exitCode === EXIT.ok && reason instanceof OutputFailure) {
    process.exit(EXIT.failure)
  }

  // not by itself: a terminal that we have read from keeps the process alive
  process.exit(exitCode)
}

function createContext (controller: AbortController): Context {
  return {
    stdin: {
      // not touched before somebody reads: it belongs to whoever started us
      [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]()
    },
    stdout: createSink(process.stdout, controller),
    stderr: createSink(process.stderr, controller),
    env: process.env,
    homeDirectory: homedir,
    execArgv: process.execArgv,
    clock: systemClock,
    signal: controller.signal
  }
}

function createSink (stream: NodeJS.WriteStream, controller: AbortController): Sink {
  // a reader that leaves early, as `head` does, is no failure
  stream.on('error', (error: NodeJS.ErrnoException) => {
    controller.abort(toReason(error))
  })

  return {
    isTerminal: Boolean(stream.isTTY),
    write: (chunk) => new Promise((resolve) => {
      stream.write(chunk, (error) => {
        if (error != null) {
          controller.abort(toReason(error)) // before whoever writes goes on
        }

        resolve()
      })
    })
  }
}

/** The disk is full, say. */
class OutputFailure extends Error {}

function toReason (error: NodeJS.ErrnoException): Error {
  return error.code === 'EPIPE' ? new ReaderGone() : new OutputFailure(`cannot write the output: ${error.message}`, { cause: error })
}
