import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { toJson } from '../json-value.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'
import { UsageError } from '../usage-error.ts'

export const call = defineCommand({
  name: 'call',
  summary: 'Call a method of a typed service',
  usage: '<path> <method> [input]',
  description: [
    "<method> may be in a group: users.get. [input] is JSON. Prints the result as JSON, and of a sequence each element, a line each, until it ends or Ctrl-C. 'swarmd ls <path>' lists the methods, 'swarmd get <path> <method>' says what one takes.",
    PATH_DESCRIPTION
  ],
  examples: ["swarmd call alice/users users.get '{\"id\": 1}' --timeout 2s", 'swarmd call alice/clock ticks'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', method = '', text], output, signal, clock, options: { timeout } } = context
    const input = parseInput(text)
    const print = async (value: unknown): Promise<void> => { await output.result('result', { value: toJson(value) }, JSON.stringify(toJson(value) ?? null)) }

    await reach(context, word, async ({ object }) => {
      const { callMethod, createClient } = await import('../../service/index.ts')

      await using client = createClient(object, { clock })

      const value = await callMethod(client, method, input, { signal, timeoutMs: timeout })

      if (!isSequence(value)) {
        await print(value)
        return
      }

      for await (const element of value) {
        signal.throwIfAborted()
        await print(element)
      }
    })

    return EXIT.ok
  }
})

/** @throws UsageError */
function parseInput (text: string | undefined): unknown {
  try {
    return text == null ? undefined : JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`call wants its input as JSON, in quotes for the shell: '{"id": 1}', received '${text}' (${(cause as Error).message})`, 'call')
  }
}

function isSequence (value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value != null && Symbol.asyncIterator in value
}
