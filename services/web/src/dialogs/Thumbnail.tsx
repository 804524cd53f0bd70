import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { readNetwork, useCatalogue } from '@/api/catalogue'
import { quickLayout } from '@/canvas/layout/quick'
import { NODE_HEIGHT, NODE_WIDTH } from '@/model/doc'
import { groupColour } from '@/ui/groups'

/** A small picture of a built-in network, drawn from its spec once it comes into sight. */
export function Thumbnail({ name }: { name: string }) {
  const frame = useRef<SVGSVGElement>(null)
  const seen = useSeen(frame)
  const { byType } = useCatalogue()
  const { data } = useQuery({
    queryKey: ['network', name],
    queryFn: () => readNetwork(name),
    enabled: seen,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
  const drawn = useMemo(() => {
    if (!data) return null
    const places = quickLayout(data)
    const all = Object.values(places)
    const left = Math.min(...all.map(place => place.x))
    const width = Math.max(...all.map(place => place.x)) + NODE_WIDTH - left
    const height = Math.max(...all.map(place => place.y)) + NODE_HEIGHT
    return { layers: data.layers, places, box: `${left} 0 ${width} ${height}` }
  }, [data])
  return (
    <svg ref={frame} className="thumbnail" viewBox={drawn?.box ?? '0 0 1 1'} preserveAspectRatio="none" aria-hidden>
      {drawn?.layers.map(({ name: layer, type }) => (
        <rect
          key={layer}
          className={groupColour(byType.get(type)?.group)}
          x={drawn.places[layer]?.x}
          y={drawn.places[layer]?.y}
          width={NODE_WIDTH}
          height={NODE_HEIGHT}
        />
      ))}
    </svg>
  )
}

/** Whether an element has been on the screen. */
function useSeen(element: { readonly current: Element | null }): boolean {
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const { current } = element
    if (!current || seen) return undefined
    const observer = new IntersectionObserver(entries => entries.some(one => one.isIntersecting) && setSeen(true))
    observer.observe(current)
    return () => observer.disconnect()
  }, [element, seen])
  return seen
}
