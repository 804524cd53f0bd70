const ids = new WeakMap<object, number>()
let lastId = 0

/** A short key of an object that is a new one whenever it changes: hashing a large one takes longer than the call. */
export function idOf(value: object): number {
  const known = ids.get(value)
  if (known !== undefined) return known
  lastId += 1
  ids.set(value, lastId)
  return lastId
}
