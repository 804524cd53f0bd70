import { X } from 'lucide-react'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useSpec } from '@/store/editor'
import { IconButton } from '@/ui/Button'
import { TextInput } from '@/ui/TextInput'
import { choicesOf, choicesText, type Dimension, suggested, wrong } from './dimensions'
import { layerOf, type Place, shortName } from './places'

type Props = {
  readonly dimension: Dimension
  /** What the dimension is of; undefined where the network has no such layer. */
  readonly place: Place | undefined
  readonly error: string | undefined
  readonly onChange: (next: Dimension) => void
  readonly onRemove: () => void
}

/** One dimension: a range, evenly or by orders of magnitude, or choices; below it why, or what is wrong. */
export function DimensionRow({ dimension, place, error, onChange, onRemove }: Props) {
  const { t } = useTranslation()
  const layers = useSpec().layers.map(one => one.name)
  const broken = wrong(dimension, layers)
  const text = broken === null ? error : t(`tune:wrong.${broken}`, { layer: layerOf(dimension.name) })
  const about = useId()
  const ids = { 'aria-describedby': about, 'aria-invalid': text !== undefined }
  return (
    <li className={text === undefined ? 'tune-row' : 'tune-row field-bad'} data-dimension={dimension.name}>
      <div className="tune-row-head">
        <strong>{shortName(dimension.name)}</strong>
        <span className="field-note">{t(`tune:type.${dimension.type}`)}</span>
        <div className="bar-space" />
        <IconButton label={t('tune:remove', { name: shortName(dimension.name) })} onClick={onRemove}>
          <X size={14} aria-hidden />
        </IconButton>
      </div>
      {dimension.type === 'choice' ? (
        <Choices dimension={dimension} place={place} onChange={onChange} ids={ids} />
      ) : (
        <Range dimension={dimension} onChange={onChange} ids={ids} />
      )}
      <p id={about} className={text === undefined ? 'field-hint' : 'field-error'}>
        {text ?? (place ? <Reason dimension={dimension} place={place} /> : null)}
      </p>
    </li>
  )
}

/** Why the values are those, as long as they are the ones that were proposed. */
function Reason({ dimension, place }: { dimension: Dimension; place: Place }) {
  const { t } = useTranslation()
  const { dimension: first, why } = suggested(place)
  const same = JSON.stringify(first) === JSON.stringify(dimension)
  if (dimension.type === 'choice') return same || place.choices === null ? t(`tune:why.${why.key}`) : place.doc
  if (same) return t(`tune:why.${why.key}`, { value: why.value })
  return t(dimension.log ? 'tune:why.logged' : 'tune:why.even')
}

type Ids = { readonly 'aria-describedby': string; readonly 'aria-invalid': boolean }
type PartProps = { readonly dimension: Dimension; readonly onChange: Props['onChange']; readonly ids: Ids }

function Range({ dimension, onChange, ids }: PartProps) {
  const { t } = useTranslation()
  const name = shortName(dimension.name)
  const about = useId()
  const end = (side: 'low' | 'high') => (
    <span className="tune-end">
      <label htmlFor={`${about}-${side}`}>{t(`tune:end.${side}`)}</label>
      <TextInput
        {...ids}
        id={`${about}-${side}`}
        inputMode={dimension.type === 'int' ? 'numeric' : 'decimal'}
        aria-label={`${name} ${t(`tune:end.${side}`)}`}
        value={dimension[side]}
        onText={text => onChange({ ...dimension, [side]: text })}
      />
    </span>
  )
  return (
    <div className="tune-range">
      {end('low')}
      {end('high')}
      <label className="tune-log">
        <input
          type="checkbox"
          className="switch"
          aria-label={`${name} ${t('tune:log')}`}
          checked={dimension.log}
          onChange={({ target }) => onChange({ ...dimension, log: target.checked })}
        />
        {t('tune:log')}
      </label>
    </div>
  )
}

function Choices({ dimension, place, onChange, ids }: PartProps & { place: Props['place'] }) {
  const { t } = useTranslation()
  const set = (text: string) => onChange({ ...dimension, choices: text })
  const known = place?.choices ?? null
  if (known === null || known.length > 24) {
    return (
      <TextInput
        {...ids}
        aria-label={`${shortName(dimension.name)} ${t('tune:choices')}`}
        value={dimension.choices}
        onText={set}
      />
    )
  }
  const taken = choicesOf(dimension.choices)
  const toggle = (choice: unknown, on: boolean) =>
    set(choicesText(known.filter(one => (one === choice ? on : taken.includes(one)))))
  return (
    <span className="tune-choices" role="group" aria-describedby={ids['aria-describedby']}>
      {known.map(one => (
        <label key={String(one)}>
          <input
            type="checkbox"
            className="switch"
            aria-invalid={ids['aria-invalid']}
            checked={taken.includes(one)}
            onChange={({ target }) => toggle(one, target.checked)}
          />
          {typeof one === 'boolean' ? t(one ? 'panel:on' : 'panel:off') : String(one)}
        </label>
      ))}
    </span>
  )
}
