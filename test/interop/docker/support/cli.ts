import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'

/** A docker command, what comes on its standard input, and whether it runs in a terminal. */
export interface Command {
  readonly args: readonly string[]
  readonly input?: string | Uint8Array | undefined
  readonly hasTerminal?: boolean | undefined
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs the docker CLI against an engine, up to its end. */
export async function docker (host: string, command: Command | readonly string[]): Promise<Outcome> {
  const { args, input, hasTerminal = false } = 'args' in command ? command : { args: command }
  const [program = '', ...words] = hasTerminal ? inTerminal(['docker', '-H', host, ...args]) : ['docker', '-H', host, ...args]
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, DOCKER_CLI_HINTS: 'false' } })
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve) })

  child.stdin.on('error', () => {}) // commands may end without reading it

  // what ends at a terminal's side is a key that somebody pressed
  if (!hasTerminal) {
    child.stdin.end(input)
  }

  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])

  child.stdin.destroy()

  return { code, stdout, stderr: stderr.toString() }
}

/** A program that gives its child a terminal, and exits as that does. */
function inTerminal (words: readonly string[]): string[] {
  return ['script', '--quiet', '--return', '--command', words.map((word) => `'${word}'`).join(' '), '/dev/null']
}
