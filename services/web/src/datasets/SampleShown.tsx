import { useEffect, useRef } from 'react'
import type { FeatureSchema, Sample } from '@/client/types'
import { pictureShape, pixels } from './picture'

/** Numbers that are shown of a feature. */
const SHOWN = 6

type Props = { readonly sample: Sample; readonly features: readonly FeatureSchema[]; readonly small?: boolean }

/** A sample as it was stored: its picture, or else its numbers. */
export function SampleShown({ sample, features, small = false }: Props) {
  const picture = features.find(one => pictureShape(one.shape))
  const text = `${sample.index + 1}: ${labelText(sample)}`
  if (picture) {
    return (
      <span className={small ? 'sample-small' : 'sample-large'}>
        <Picture values={sample.inputs[picture.name]} feature={picture} text={text} />
      </span>
    )
  }
  return (
    <span className="sample-numbers">
      {features.map(one => `${one.name} ${numbersText(sample.inputs[one.name])}`).join(' · ')}
    </span>
  )
}

export function Picture({ values, feature, text }: { values: unknown; feature: FeatureSchema; text: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { height, width, channels } = pictureShape(feature.shape) ?? { height: 0, width: 0, channels: 1 }
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    const data = pixels(values, channels, Math.min(0, feature.min), feature.max)
    if (context && data.length === height * width * 4) context.putImageData(new ImageData(data, width, height), 0, 0)
  }, [values, channels, height, width, feature])
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={text} title={text} />
}

/** What the labels say; where there are several, each with its name. */
export function labelText({ label, class_name, labels = {} }: Sample): string {
  const all = Object.entries(labels)
  if (all.length > 1) return all.map(([name, one]) => `${name} ${saidText(one.value, one.class_name)}`).join(' · ')
  return saidText(label, class_name)
}

function saidText(value: unknown, name: string | null | undefined): string {
  return name ?? (value === null || value === undefined ? '–' : numbersText(value))
}

export function numbersText(value: unknown): string {
  const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]
  const shown = flat.slice(0, SHOWN).map(one => (typeof one === 'number' ? Number(one.toPrecision(5)) : String(one)))
  return shown.join(', ') + (flat.length > SHOWN ? ', …' : '')
}
