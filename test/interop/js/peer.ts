/*
 * A js-libp2p node that tests drive: it prints its addresses as a line of JSON, then does what each line of JSON
 * on its stdin asks, and answers with a line of JSON. It ends with its stdin.
 */
import { createInterface } from 'node:readline'
import { readFlags } from './flags.ts'
import { LIMIT_MS, serve } from './handlers.ts'
import { createNode } from './node.ts'
import { VERBS } from './verbs.ts'
import { versions } from './versions.ts'
import type { Node } from './node.ts'
import type { Args } from './task.ts'

interface Request {
  readonly id: number
  readonly verb: string
  readonly args?: Args
}

function say (value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

async function obey (node: Node, { id, verb, args }: Request): Promise<void> {
  try {
    const run = VERBS[verb]

    if (run == null) {
      throw new Error(`there is no verb ${verb}`)
    }

    say({ id, value: await run({ node, args: args ?? {} as Args, signal: AbortSignal.timeout(LIMIT_MS) }) ?? null })
  } catch (error) {
    say({ id, error: String(error) })
  }
}

async function run (args: readonly string[]): Promise<void> {
  const flags = readFlags(args)

  if (flags.versions) {
    say(versions())

    return
  }

  const node = await createNode(flags)

  await serve(node)
  say({ peer: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) })

  for await (const line of createInterface({ input: process.stdin })) {
    void obey(node, JSON.parse(line) as Request)
  }

  await node.stop()
}

await run(process.argv.slice(2))
