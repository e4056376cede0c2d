import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuse, TicketQueue } from '../../../src/channel/pipe/ticket-queue.ts'
import type { Ticket } from '../../../src/channel/pipe/ticket-queue.ts'

const SEED = 20261120

class NamedTicket implements Ticket {
  readonly name: string
  readonly owner: object | undefined
  isVoid = false
  error: unknown

  constructor (name: string, owner?: object) {
    this.name = name
    this.owner = owner
  }

  claim (): boolean {
    return !this.isVoid
  }

  fail (error: unknown): void {
    this.error = error
  }
}

function queueOf (...tickets: NamedTicket[]): TicketQueue<NamedTicket> {
  const queue = new TicketQueue<NamedTicket>()

  for (const ticket of tickets) {
    queue.add(ticket)
  }

  return queue
}

function drain (queue: TicketQueue<NamedTicket>): string[] {
  const names: string[] = []

  for (let ticket = queue.claim(); ticket != null; ticket = queue.claim()) {
    names.push(ticket.name)
  }

  return names
}

describe('TicketQueue', () => {
  it('serves in the order of arrival, whoever leaves in between', () => {
    const tickets = ['a', 'b', 'c', 'd', 'e'].map((name) => new NamedTicket(name))
    const queue = queueOf(...tickets)

    expect([0, 2, 4].map((n) => queue.delete(tickets[n] ?? new NamedTicket('none')))).toEqual([true, true, true])
    expect(queue.delete(new NamedTicket('stranger'))).toBe(false)
    expect(queue.size).toBe(2)
    expect(drain(queue)).toEqual(['b', 'd'])
  })

  it('drops void tickets on the way', () => {
    const tickets = ['a', 'b', 'c'].map((name) => new NamedTicket(name))
    const queue = queueOf(...tickets)

    for (const ticket of tickets.slice(0, 2)) {
      ticket.isVoid = true
    }

    expect(queue.claim()?.name).toBe('c')
    expect(queue.size).toBe(0)
  })

  it('passes over the tickets of one owner, which keep their places', () => {
    const owner = {}
    const queue = queueOf(new NamedTicket('mine', owner), new NamedTicket('other', {}), new NamedTicket('plain'))

    expect(queue.claim(owner)?.name).toBe('other')
    expect(queue.claim(owner)?.name).toBe('plain')
    expect(queue.claim(owner)).toBeUndefined()
    expect(queue.claim({})?.name).toBe('mine')
  })

  it('knows the owner of all, if there is one', () => {
    const owner = {}

    expect(queueOf().owner).toBeUndefined()
    expect(queueOf(new NamedTicket('a')).owner).toBeUndefined()
    expect(queueOf(new NamedTicket('a', owner), new NamedTicket('b', owner)).owner).toBe(owner)
    expect(queueOf(new NamedTicket('a', owner), new NamedTicket('b')).owner).toBeUndefined()
  })

  it('does as a list would, through any mix of coming, leaving and serving', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'claim', 'delete'), fc.nat(20)), { maxLength: 120 })

    fc.assert(fc.property(steps, (program) => {
      const queue = new TicketQueue<NamedTicket>()
      const model: NamedTicket[] = []

      for (const [step, n] of program) {
        if (step === 'add') {
          const ticket = new NamedTicket(String(n))

          queue.add(ticket)
          model.push(ticket)
        } else if (step === 'claim') {
          expect(queue.claim()).toBe(model.shift())
        } else {
          const [leaving] = model.splice(n, 1)

          expect(leaving == null || queue.delete(leaving)).toBe(true)
        }

        expect(queue.size).toBe(model.length)
      }
    }), { seed: SEED, numRuns: 300 })
  })
})

describe('refuse', () => {
  it('fails a ticket, unless it is void', () => {
    const error = new Error('no')
    const live = new NamedTicket('live')
    const gone = new NamedTicket('gone')

    gone.isVoid = true
    refuse(live, error)
    refuse(gone, error)

    expect(live.error).toBe(error)
    expect(gone.error).toBeUndefined()
  })
})
