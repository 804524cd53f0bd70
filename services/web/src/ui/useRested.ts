import { useEffect, useState } from 'react'

/** The value once it has rested: what is typed asks nothing of the server while it is typed. */
export function useRested<T>(value: T, ms = 250): T {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return rested
}
