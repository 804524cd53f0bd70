import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { useRecipeFields } from '@/api/jobs'
import { useSpec } from '@/store/editor'
import { useRecipe } from '@/store/recipe'
import { useSearch } from '@/store/search'
import { Button } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { errorAt } from '../recipe'
import { DimensionRow } from './DimensionRow'
import { type Dimension, suggested } from './dimensions'
import { layerOf, type Place, placesOfLayer, placesOfRecipe } from './places'

const change = (made: (before: readonly Dimension[]) => readonly Dimension[]) =>
  useSearch.setState(state => ({ dimensions: made(state.dimensions) }))

/** What is varied: a row for each dimension, and the way to add one. */
export function Dimensions({ errors }: { errors: ReadonlyMap<string, string> }) {
  const { t } = useTranslation()
  const dimensions = useSearch(state => state.dimensions)
  const placesAt = usePlaces()
  const names = dimensions.map(one => one.name)
  const error = (name: string) => {
    const longer = names.filter(other => other.startsWith(`${name}.`)).map(other => other.slice(name.length + 1))
    return errorAt(errors, `space.${name}`, longer)
  }
  return (
    <section>
      <h3>{t('tune:space')}</h3>
      <p className="field-hint">{t('tune:spaceHint')}</p>
      <ul className="tune-rows">
        {dimensions.map(one => (
          <DimensionRow
            key={one.name}
            dimension={one}
            place={placesAt(layerOf(one.name)).find(place => place.name === one.name)}
            error={error(one.name)}
            onChange={next => change(all => all.map(other => (other.name === one.name ? next : other)))}
            onRemove={() => change(all => all.filter(other => other.name !== one.name))}
          />
        ))}
      </ul>
      <AddDimension placesAt={placesAt} taken={names} />
      {errors.has('space') ? <p className="field-error">{errors.get('space')}</p> : null}
    </section>
  )
}

/** The places of a layer; null: of the recipe. */
function usePlaces(): (layer: string | null) => readonly Place[] {
  const { data: fields = [] } = useRecipeFields()
  const params = useRecipe(state => state.params)
  const catalogue = useCatalogue()
  const { layers } = useSpec()
  return name => {
    if (name === null) return placesOfRecipe(fields, params)
    const layer = layers.find(one => one.name === name)
    return layer ? placesOfLayer(layer, catalogue) : []
  }
}

type AddProps = {
  readonly placesAt: (layer: string | null) => readonly Place[]
  readonly taken: readonly string[]
}

/** First where it is, the recipe or a layer, then which field. */
function AddDimension({ placesAt, taken }: AddProps) {
  const { t } = useTranslation()
  const { layers } = useSpec()
  const catalogue = useCatalogue()
  const [layer, setLayer] = useState('')
  const [name, setName] = useState('')
  const varied = layers.filter(({ type }) => type !== 'Input' && (catalogue.byType.get(type)?.params ?? []).length > 0)
  const places = placesAt(layer === '' ? null : layer).filter(one => !taken.includes(one.name))
  const place = places.find(one => one.name === name) ?? places[0]
  const label = (one: Place) =>
    layer === '' ? t(`training:field.${one.label}`, { defaultValue: one.label }) : one.label
  const add = () => place && change(all => [...all, suggested(place).dimension])
  return (
    <div className="tune-add">
      <Field label={t('tune:where')}>
        {ids => (
          <select {...ids} className="input" value={layer} onChange={({ target }) => setLayer(target.value)}>
            <option value="">{t('tune:recipe')}</option>
            <optgroup label={t('tune:layers')}>
              {varied.map(one => (
                <option key={one.name} value={one.name}>
                  {`${one.name} (${one.type})`}
                </option>
              ))}
            </optgroup>
          </select>
        )}
      </Field>
      <Field label={t('tune:field.name')}>
        {ids => (
          <select
            {...ids}
            className="input"
            value={place?.name ?? ''}
            disabled={places.length === 0}
            onChange={({ target }) => setName(target.value)}
          >
            {places.map(one => (
              <option key={one.name} value={one.name}>
                {label(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Button icon={<Plus size={15} aria-hidden />} disabled={place === undefined} onClick={add}>
        {t('tune:add')}
      </Button>
      {place ? <p className="field-hint tune-doc">{place.doc}</p> : null}
    </div>
  )
}
