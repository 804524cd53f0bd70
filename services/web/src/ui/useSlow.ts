import { useEffect, useState } from 'react'

/** True once something has been pending for a while: what is quick is not told, for it would flicker. */
export function useSlow(pending: boolean, ms = 500): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!pending) return undefined
    const timer = setTimeout(() => setSlow(true), ms)
    return () => {
      clearTimeout(timer)
      setSlow(false)
    }
  }, [pending, ms])
  return slow && pending
}
