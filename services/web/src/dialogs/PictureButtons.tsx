import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { exportPicture } from '@/canvas/exportPicture'
import { useSpec } from '@/store/editor'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'

/** The canvas as a picture, beside the formats. */
export function PictureButtons() {
  const { t } = useTranslation()
  const catalogue = useCatalogue()
  const empty = useSpec().layers.length === 0
  const picture = (kind: 'svg' | 'png') => () =>
    exportPicture(kind, catalogue).catch(reason => tellFailure(t('files:pictureFailed'), reason))
  return (
    <span className="dialog-aside">
      {t('files:asPicture')}
      <Button disabled={empty} onClick={picture('svg')}>
        {t('files:svg')}
      </Button>
      <Button disabled={empty} onClick={picture('png')}>
        {t('files:png')}
      </Button>
    </span>
  )
}
