import { toError } from '../../../src/base/index.ts'
import { COMMANDS } from './commands.ts'
import type { PodSession } from './session.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

/** What a command can read and write; undefined where the client did not ask for it. */
export interface CommandStreams {
  stdin?: ByteStream
  stdout?: ByteStream
  stderr?: ByteStream
  resize?: ByteStream
}

/** A program in the pod. Gives its exit code. */
export type Command = (streams: CommandStreams, args: readonly string[]) => Promise<number>

/** In the words of the API: what `v4.channel.k8s.io` has on its error stream. */
interface Status {
  metadata: object
  status: 'Success' | 'Failure'
  reason?: string
  message?: string
  details?: { causes: Array<{ reason: string, message: string }> }
}

/** Runs the command of the query once the client has opened the streams that it names. */
export function serveExec (session: PodSession, query: URLSearchParams, { isLeftOpen = false }: { isLeftOpen?: boolean }): void {
  const expected = typesOf(query)
  const streams: Record<string, ByteStream> = {}

  const serve = async (): Promise<void> => {
    await run(session, streams, query.getAll('command'))

    if (!isLeftOpen && session.failures.length === 0) {
      await session.close() // after a failure the client does
    }
  }

  session.start(({ type, bytes }) => {
    streams[type] = bytes

    return expected.every((name) => streams[name] != null) ? serve() : undefined
  })
}

function typesOf (query: URLSearchParams): string[] {
  const isAsked = (name: string): boolean => query.get(name) === 'true'
  const types = ['error', ...['stdin', 'stdout', 'stderr'].filter(isAsked)]

  // a terminal has one output
  return isAsked('tty') ? [...types.filter((type) => type !== 'stderr'), 'resize'] : types
}

async function run (session: PodSession, { error, ...streams }: Record<string, ByteStream>, [name = '', ...args]: string[]): Promise<void> {
  const status = await statusOf(session, name, async (command) => command(streams, args))

  const ends = await Promise.allSettled([...Object.values(streams).map(async (stream) => stream.end()), error?.end(JSON.stringify(status))])

  session.failures.push(...ends.flatMap((end) => end.status === 'rejected' ? [toError(end.reason)] : []))
}

async function statusOf (session: PodSession, name: string, call: (command: Command) => Promise<number>): Promise<Status> {
  const command = COMMANDS[name]

  if (command == null) {
    return { metadata: {}, status: 'Failure', reason: 'InternalError', message: `there is no program ${name}` }
  }

  try {
    const code = await call(command)

    if (code === 0) {
      return { metadata: {}, status: 'Success' }
    }

    return {
      metadata: {},
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: `command terminated with non-zero exit code: ${code}`,
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] }
    }
  } catch (thrown) {
    session.failures.push(toError(thrown))

    return { metadata: {}, status: 'Failure', reason: 'InternalError', message: toError(thrown).message }
  }
}
