import type { TFunction } from 'i18next'
import { Eye } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { readCatalogue } from '@/api/catalogue'
import { type Found, type Newer, newerIn } from '@/model/newer'
import { Button } from '@/ui/Button'

/** What can be drawn of a refused file that is a spec with something unknown in it; nothing where that is not why. */
export async function newerOf(from: File | string): Promise<Found | null> {
  if (typeof from === 'string') return null // an address, whose file only the server has seen
  try {
    const [bytes, { byType }] = await Promise.all([from.arrayBuffer(), readCatalogue()])
    const name = from.name.endsWith('.json') ? from.name : `${from.name}.json`
    return newerIn(new Uint8Array(bytes), name, type => byType.has(type))
  } catch {
    return null // it is told already that the file was not read
  }
}

/** Who made a network that is not known as a whole. */
export function madeByNewer({ version }: Newer, t: TFunction): string {
  return version === null ? t('newer:notKnown') : t('newer:madeBy', { version })
}

/** The way on from a refused file: to look at what is known of it. */
export function OpenNewer({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation()
  return (
    <Button tone="primary" icon={<Eye size={15} aria-hidden />} onClick={onOpen}>
      {t('newer:open')}
    </Button>
  )
}
