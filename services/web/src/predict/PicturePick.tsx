import { ImageUp } from 'lucide-react'
import { type DragEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { filePicture } from './pen'
import type { PictureForm } from './signature'
import type { Given } from './state'

type Props = { form: PictureForm; value: Given; onChange: (change: Partial<Given>) => void }

/** A picture file, dropped or chosen; any size, it is scaled to the input's. */
export function PicturePick({ form, value, onChange }: Props) {
  const { t } = useTranslation()
  const [over, setOver] = useState(false)
  const [bad, setBad] = useState<string | null>(null)
  const take = async (file: File | undefined) => {
    if (!file) return
    try {
      onChange({ file: { name: file.name, channels: await filePicture(file, form) } })
      setBad(null)
    } catch {
      setBad(file.name)
    }
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files[0])
  }
  return (
    <>
      <label
        className={over ? 'drop drop-picture drop-over' : 'drop drop-picture'}
        onDragOver={event => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <ImageUp size={22} aria-hidden />
        <span>{value.file ? value.file.name : t('predict:dropPicture')}</span>
        <input
          type="file"
          accept="image/*"
          className="visually-hidden"
          onChange={event => {
            take(event.target.files?.[0])
            event.target.value = ''
          }}
        />
      </label>
      {bad === null ? null : (
        <p className="field-error" role="alert">
          {t('predict:noPicture', { name: bad })}
        </p>
      )}
      <label className="check">
        <input type="checkbox" checked={value.invert} onChange={event => onChange({ invert: event.target.checked })} />
        {t('predict:invert')}
      </label>
    </>
  )
}
