import { queryObjects } from 'node:v8'

/** How many objects there are, after all that nobody holds was collected. */
export async function liveObjects (): Promise<number> {
  // what the last turn has finished with is only then let go
  await new Promise<void>((resolve) => { setImmediate(resolve) })

  return queryObjects(Object, { format: 'count' })
}
