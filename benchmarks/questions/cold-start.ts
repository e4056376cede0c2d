import type { Question } from './question.ts'

export const coldStart: Question = {
  name: 'cold-start',
  title: 'Cold start',
  about: 'From starting a process to its first echo from a server that is there: Node, imports, keys, the connection, 100 bytes. Compiled code comes from Node\'s compile cache.',
  measures: [{
    name: 'cold-start',
    title: 'cold start to first echo',
    unit: 'ms',
    better: 'less',
    async take (stage) {
      await stage.server()

      const startedAt = performance.now()
      const client = await stage.newClient('requests')

      await client.ask('requests', { seconds: 60, count: 1 }, 1)

      const value = performance.now() - startedAt

      await client.close()

      return { value }
    }
  }]
}
