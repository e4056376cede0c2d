import { writeFile } from 'node:fs/promises'
import { runCli, Running } from './run-cli.ts'
import type { Folder, RunOptions, RunResult } from './run-cli.ts'

/** A node of `swarmd up`, and what others know of it. */
export interface RunningNode extends Running {
  readonly peer: string
  readonly address: string
}

/** The peer ID of a key file, which is made. */
export async function makeKey (folder: Folder, name: string): Promise<string> {
  const { stdout } = await runCli(['id', '--json', '--key', folder.file(`${name}.key`)])

  return (JSON.parse(stdout) as { peer: string }).peer
}

/** Runs a node of a file with these lines, with a key of its name, on a free port of this machine. */
export async function startNode (folder: Folder, name: string, lines: readonly string[], args: readonly string[] = []): Promise<RunningNode> {
  const config = folder.file(`${name}.yml`)

  await writeFile(config, [`key: ${name}.key`, 'listen: /ip4/127.0.0.1/tcp/0', ...lines].join('\n'))

  const node = new Running(['up', '--json', '-c', config, ...args])
  const { peer, addresses } = await node.event('ready') as { peer: string, addresses: string[] }

  return Object.assign(node, { peer, address: addresses[0] ?? '' })
}

/** Runs a command as `name`, with the key of that name. */
export async function as (folder: Folder, name: string, args: readonly string[], options?: RunOptions): Promise<RunResult> {
  const [command = '', ...rest] = args

  return runCli([command, '--key', folder.file(`${name}.key`), ...rest], options)
}
