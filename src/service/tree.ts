import { Client } from './client.ts'
import { reference } from './serve.ts'
import { Server } from './server.ts'
import { ServiceError } from './service-error.ts'
import { shared } from './service.ts'
import type { Call } from './call.ts'
import type { Handler, Service, ServiceLike } from './service.ts'

/**
 * Objects by name: `ls` lists the names, sorted, and `attach` gives an object. A name with slashes,
 * `docker/web`, is looked up step by step, through trees and any other object that answers `attach`.
 */
export class Tree implements Service {
  readonly #children = new Map<string, ServiceLike>()
  readonly #server: Server
  readonly handle: Handler

  constructor (children: Readonly<Record<string, ServiceLike>> = {}, name = 'this tree') {
    this.#server = new Server(name)
      .onLs(() => this.names())
      .onAttach((path, call) => this.#find(path, call))
    this.handle = this.#server.handle

    for (const [childName, child] of Object.entries(children)) {
      this.add(childName, child)
    }
  }

  /** Sorted. */
  names (): string[] {
    return Array.from(this.#children.keys()).sort()
  }

  get (name: string): ServiceLike | undefined {
    return this.#children.get(name)
  }

  /** @throws ServiceError AlreadyExists; InvalidArgument for a name that is empty or has a slash */
  add (name: string, child: ServiceLike): this {
    if (name === '' || name.includes('/')) {
      throw new ServiceError('InvalidArgument', `wanted a name without slashes, received ${JSON.stringify(name)}`)
    }

    if (this.#children.has(name)) {
      throw new ServiceError('AlreadyExists', `there is a child ${name} already`)
    }

    this.#children.set(name, child)

    return this
  }

  delete (name: string): boolean {
    return this.#children.delete(name)
  }

  async #find (path: string, call: Call): Promise<ServiceLike> {
    const [name = '', ...rest] = path.split('/')
    const child = this.#children.get(name)

    if (child == null) {
      throw new ServiceError('NotFound', `${this.#server.name} has no child ${JSON.stringify(name)}${this.#suggestion()}`)
    }

    if (rest.length === 0) {
      return shared(child)
    }

    await using client = new Client(reference(shared(child), { caller: call.caller, clock: call.clock }))

    return (await client.child(rest.join('/'), { signal: call.signal })).target
  }

  #suggestion (): string {
    return this.#children.size === 0 ? '; it has none' : `; it has ${this.names().join(', ')}`
  }
}
