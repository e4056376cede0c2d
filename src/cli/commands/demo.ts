import { Deadline, toError } from '../../base/index.ts'
import { defineCommand } from '../command.ts'
import { Cast } from '../demo/cast.ts'
import { tell } from '../demo/story.ts'
import { Transcript } from '../demo/transcript.ts'
import { EXIT } from '../exit-codes.ts'

/** Far more than it takes. */
const MAX_DEMO_MS = 60_000

export const demo = defineCommand({
  name: 'demo',
  summary: 'Watch three nodes meet, talk, run a pipeline, and lose one of them',
  usage: '',
  description: [
    'Starts three nodes as processes of their own, with their own key files, on loopback TCP. They learn each other\'s addresses, dial by peer ID, echo, ask and answer, and run a pipeline together, each a stage of it. Then one is killed: the demo shows the error of the dial, the backoff that follows, and the reconnect. Takes a few seconds, and leaves nothing behind.'
  ],
  examples: ['swarmd demo', 'swarmd demo --json'],
  options: {},

  async run (context) {
    const { output, options: { timeout = MAX_DEMO_MS }, clock } = context
    const startedAt = clock.now()
    const transcript = new Transcript(output)

    await transcript.begin('swarmd demo: three nodes in three processes, over TCP on this machine')

    using over = new Deadline({ clock, signal: context.signal, timeoutMs: timeout, onTimeout: () => new Error(`it took longer than ${timeout} ms`) })

    await using cast = await Cast.create({ ...context, signal: over.signal })

    try {
      await tell({ cast, transcript, clock })
    } catch (error) {
      // who stops it knows why
      context.signal.throwIfAborted()
      throw explain(toError(error), transcript, cast)
    }

    const seconds = ((clock.now() - startedAt) / 1000).toFixed(1)

    await transcript.end({ seconds: Number(seconds) }, `All of this took ${seconds} s, and nothing is left of it.`)

    return EXIT.ok
  }
})

/** Says where the story broke off, and what the nodes had to say about it. */
function explain (error: Error, transcript: Transcript, { nodes }: Cast): Error {
  const lines = [`the demo failed in ${transcript.step}: ${error.message}`]

  for (const { name, stderr } of nodes) {
    if (stderr !== '') {
      lines.push(`what ${name} said on stderr:`, ...stderr.split('\n').map((line) => `  ${line}`))
    }
  }

  return new Error(lines.join('\n'), { cause: error })
}
