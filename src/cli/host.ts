import { homedir } from 'node:os'
import process from 'node:process'
import { systemClock } from '../base/index.ts'
import { ReaderGone } from './command.ts'
import { COMMANDS } from './commands.ts'
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
    controller.abort(error.code === 'EPIPE' ? new ReaderGone() : new Error(`cannot write the output: ${error.message}`, { cause: error }))
  })

  return {
    isTerminal: Boolean(stream.isTTY),
    write: (chunk) => new Promise((resolve) => { stream.write(chunk, () => { resolve() }) })
  }
}
