import { expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'

it('says which address could not be listened on and why, until it can', async () => {
  await using taken = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
  const [occupied] = taken.listenAddresses()
  await using swarm = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0', occupied?.toString() ?? ''] })

  expect(swarm.listenAddresses()).toHaveLength(1)
  expect(swarm.listenFailures()).toMatchObject([{ address: occupied, why: 'address already in use (EADDRINUSE)', error: { code: 'ListenFailed' } }])

  await taken.close()
  await swarm.listen(occupied?.toString() ?? '')
  expect(swarm.listenFailures()).toEqual([])
})
