import { NotFoundError } from '@libp2p/interface'
import { BaseDatastore } from 'datastore-core'
import type { AbortOptions } from '@libp2p/interface'
import type { Datastore, Key, KeyQuery, Query } from 'interface-datastore'

/**
 * A datastore of which single keys read, for a while, as somebody says; everything else is that of
 * the datastore beneath.
 */
export class StagedDatastore extends BaseDatastore {
  readonly #datastore: Datastore
  readonly #staged = new Map<string, Uint8Array | undefined>()

  constructor (datastore: Datastore) {
    super()
    this.#datastore = datastore
  }

  /** Until what comes back is disposed of, `key` reads as `value`, or as missing if that is undefined. */
  stage (key: Key, value: Uint8Array | undefined): Disposable {
    const name = key.toString()

    this.#staged.set(name, value)

    return { [Symbol.dispose]: () => { this.#staged.delete(name) } }
  }

  /** What is stored under `key`, staged or not; undefined if there is nothing. */
  async load (key: Key): Promise<Uint8Array | undefined> {
    try {
      return await this.#datastore.get(key)
    } catch (error) {
      if (error instanceof Error && error.name === 'NotFoundError') {
        return undefined
      }

      throw error
    }
  }

  override get (key: Key, options?: AbortOptions): Uint8Array | Promise<Uint8Array> {
    const name = key.toString()

    if (!this.#staged.has(name)) {
      return this.#datastore.get(key, options)
    }

    const value = this.#staged.get(name)

    if (value == null) {
      throw new NotFoundError(`nothing is stored under ${name}`)
    }

    return value
  }

  override put (key: Key, value: Uint8Array, options?: AbortOptions): Key | Promise<Key> {
    return this.#datastore.put(key, value, options)
  }

  override has (key: Key, options?: AbortOptions): boolean | Promise<boolean> {
    return this.#datastore.has(key, options)
  }

  override delete (key: Key, options?: AbortOptions): void | Promise<void> {
    return this.#datastore.delete(key, options)
  }

  override query (query: Query, options?: AbortOptions): ReturnType<Datastore['query']> {
    return this.#datastore.query(query, options)
  }

  override queryKeys (query: KeyQuery, options?: AbortOptions): ReturnType<Datastore['queryKeys']> {
    return this.#datastore.queryKeys(query, options)
  }
}
